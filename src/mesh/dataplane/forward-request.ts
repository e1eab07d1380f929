import { OPTION, optionNames } from "../http1/connection-options.ts";
import { FIELD, FIELD_NAMES, HOP_BY_HOP, PROTECTED } from "../http1/fields.ts";
import type { FieldTable } from "../http1/field-table.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { HeaderEdits } from "./header-edits.ts";

/** What the mesh says about a request to the backend, besides what the client said. */
export interface Hop {
  /** The client's address, for X-Forwarded-For. */
  readonly address: string;
  /** For requests that name no host: `name.namespace` of the Service. */
  readonly host: string;
  /** `X-Forwarded-For`, `X-Forwarded-Proto` and `Via` lines for a request that has none of them. */
  readonly lines: string;
}

export function hopOf(address: string, host: string): Hop {
  return { address, host, lines: `X-Forwarded-For: ${address}\r\nX-Forwarded-Proto: http\r\nVia: 1.1 sluice\r\n` };
}

/** How the route changes a request. */
export interface RequestChange {
  readonly target: string;
  /** A Host other than the client's. */
  readonly host?: string | undefined;
  readonly edits?: HeaderEdits | undefined;
}

/** 1 for request fields that are never forwarded as they came; Expect and X-Forwarded-For are written anew. */
const NOT_FORWARDED: Uint8Array = Uint8Array.from(FIELD_NAMES, (_, id) =>
  HOP_BY_HOP[id] === 1 || id === FIELD.expect || id === FIELD.forwardedFor ? 1 : 0,
);

/**
 * The head with which a request goes to a backend: its own lines in runs as they came, without those about the client's connection,
 * then ours. The framing is written anew.
 */
export function forwardRequest(head: RequestHead, change: RequestChange, hop: Hop, trace: string): string {
  let out = `${head.method} ${change.target} HTTP/1.1\r\n`;
  const host = hostOf(head, change, hop);
  if (host !== undefined) out += `Host: ${host}\r\n`;
  out += endToEnd(head, change);
  out += hasHops(head.fields) ? hopLines(head.fields, hop) : hop.lines;
  if (change.host !== undefined && head.fields.indexOf(FIELD.forwardedHost) < 0)
    out += `X-Forwarded-Host: ${head.host}\r\n`;
  out += trace;
  if (change.edits) out += change.edits.lines;
  return `${out + connectionLines(head)}\r\n`;
}

function endToEnd(head: RequestHead, change: RequestChange): string {
  const { fields } = head;
  const named = (head.options & OPTION.others) === 0 ? undefined : namedOptions(fields);
  const slow = named !== undefined || change.edits !== undefined;
  let out = "";
  let run = 0;
  for (let i = 0; i < fields.count; i++) {
    const id = fields.id(i);
    const dropped = id !== FIELD.other && isWrittenAnew(head, id, change);
    if (!dropped && !(slow && isNamed(fields.name(i), named, change.edits))) continue;
    if (run < i) out += fields.lines(run, i);
    run = i + 1;
  }
  return run < fields.count ? out + fields.lines(run, fields.count) : out;
}

/** The host that does not come as a Host line: the route's, that of an absolute-form target (RFC 9112 §3.2.2), or one for HTTP/1.0. */
function hostOf(head: RequestHead, change: RequestChange, hop: Hop): string | undefined {
  if (change.host !== undefined) return change.host;
  if (head.absolute) return head.host;
  return head.hasHost ? undefined : hop.host;
}

function isWrittenAnew(head: RequestHead, id: number, change: RequestChange): boolean {
  if (id === FIELD.host) return change.host !== undefined || head.absolute;
  return NOT_FORWARDED[id] === 1 || (id === FIELD.maxForwards && head.maxForwards >= 0);
}

const isNamed = (name: string, named: ReadonlySet<string> | undefined, edits: HeaderEdits | undefined): boolean =>
  named?.has(name) === true || edits?.drop.has(name) === true;

/** True when the request says anything of hops before this one. */
function hasHops(fields: FieldTable): boolean {
  return fields.indexOf(FIELD.forwardedFor) >= 0 || fields.indexOf(FIELD.forwardedProto) >= 0;
}

/** Names in Connection whose fields end here, too (RFC 9110 §7.6.1). */
export function namedOptions(fields: FieldTable): ReadonlySet<string> {
  const names = new Set<string>();
  for (let i = 0; i < fields.count; i++)
    if (fields.id(i) === FIELD.connection) for (const name of optionNames(fields.value(i))) names.add(name);
  for (const [id, name] of FIELD_NAMES.entries()) if (PROTECTED[id] === 1) names.delete(name);
  return names;
}

/** The client is a program on this machine, so what it says about hops before it is kept and added to. */
function hopLines(fields: FieldTable, hop: Hop): string {
  const before = fields.get("x-forwarded-for");
  const proto = fields.indexOf(FIELD.forwardedProto) < 0 ? "X-Forwarded-Proto: http\r\n" : "";
  return `X-Forwarded-For: ${before ? `${before}, ` : ""}${hop.address}\r\n${proto}Via: 1.1 sluice\r\n`;
}

function connectionLines(head: RequestHead): string {
  let lines = head.contentLength < 0 ? "Transfer-Encoding: chunked\r\n" : "";
  if (head.expectsContinue && head.minor === 1) lines += "Expect: 100-continue\r\n";
  if (head.maxForwards > 0) lines += `Max-Forwards: ${head.maxForwards - 1}\r\n`;
  const { upgrade } = head;
  const trailers = (head.options & OPTION.te) !== 0 && /(^|,)\s*trailers\s*(,|$)/i.test(head.fields.get("te") ?? "");
  if (trailers) lines += "TE: trailers\r\n";
  if (upgrade !== undefined) lines += `Upgrade: ${upgrade}\r\n`;
  if (trailers || upgrade !== undefined)
    lines += `Connection: ${[trailers ? "TE" : "", upgrade !== undefined ? "Upgrade" : ""].filter(Boolean).join(", ")}\r\n`;
  return lines;
}
