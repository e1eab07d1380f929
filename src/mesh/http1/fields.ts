import { TOKEN } from "./bytes.ts";

/** Fields that mean something to a proxy. A field's number is its index here; 0 stands for all others. */
export const FIELD_NAMES: readonly string[] = [
  "",
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "upgrade",
  "http2-settings",
  "expect",
  "max-forwards",
  "trailer",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "via",
  "traceparent",
  "authorization",
  "cookie",
  "date",
  "proxy-authorization",
  "proxy-authenticate",
  "set-cookie",
  "content-encoding",
  "content-type",
  "content-range",
  "cache-control",
];

export const FIELD = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  keepAlive: 5,
  proxyConnection: 6,
  te: 7,
  upgrade: 8,
  http2Settings: 9,
  expect: 10,
  maxForwards: 11,
  trailer: 12,
  forwardedFor: 13,
  forwardedProto: 14,
  forwardedHost: 15,
  via: 16,
  traceparent: 17,
  authorization: 18,
  cookie: 19,
  date: 20,
} as const;

const flags = (...ids: readonly number[]): Uint8Array =>
  Uint8Array.from({ length: FIELD_NAMES.length }, (_, id) => Number(ids.includes(id)));

const from = (...names: readonly string[]): readonly number[] => names.map((name) => FIELD_NAMES.indexOf(name));

/** 1 for fields about one connection, which a proxy never forwards as they came (RFC 9110 §7.6.1); HTTP2-Settings is named in RFC 7540 §3.2.1. */
export const HOP_BY_HOP: Uint8Array = flags(
  ...from("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade", "http2-settings"),
);

/**
 * 1 for fields that a sender cannot have removed by naming them in Connection: they frame or route the message, say who the
 * user is, or are this proxy's own word.
 */
export const PROTECTED: Uint8Array = flags(
  ...from("host", "content-length", "transfer-encoding", "expect", "trailer", "authorization", "cookie", "set-cookie"),
  ...from("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "via", "traceparent", "date", "content-type"),
);

/** Field numbers by the hash of their name (hashes of different names here differ; the test says so). */
const BY_HASH: ReadonlyMap<number, number> = new Map(
  FIELD_NAMES.map((name, id) => [nameHash(name), id] as const).slice(1),
);

/** The hash that FieldTable builds while it reads a name. */
export function nameHash(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + (TOKEN[name.charCodeAt(i)] as number)) | 0;
  return hash;
}

/** The number of the field whose name lies in `bytes` from `start` to `end` and has this hash. */
export function fieldId(hash: number, bytes: Buffer, start: number, end: number): number {
  const id = BY_HASH.get(hash);
  if (id === undefined) return FIELD.other;
  const name = FIELD_NAMES[id] as string;
  if (name.length !== end - start) return FIELD.other;
  for (let i = 0; i < name.length; i++)
    if (TOKEN[bytes[start + i] as number] !== name.charCodeAt(i)) return FIELD.other;
  return id;
}
