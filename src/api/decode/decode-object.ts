import { goJsonType, quoteGo } from "../../lib/go-format.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/json.ts";
import type { Unstructured } from "../object.ts";
import { apiVersionOf } from "../resource.ts";
import { StatusError } from "../status-error.ts";
import type { KindInfo, TypeTable } from "../table/type-table.ts";
import { walkCustom } from "./custom-walk.ts";
import { DecodingError } from "./decoding-error.ts";
import { JsonDocument } from "./json-document.ts";
import { readEnvelope, readMessage } from "./protobuf.ts";
import { walkTyped } from "./typed-walk.ts";
import { yamlBody } from "./yaml.ts";

/** How a body is written. */
export type MediaType = "json" | "yaml" | "protobuf";

export interface Decoded {
  /** A fresh object of the kind that was asked for; nobody else holds a part of it. */
  readonly object: Unstructured;
  /** What strict decoding refuses, else warns of: `unknown field "spec.foo"`, `duplicate field "spec.replicas"`. */
  readonly problems: readonly string[];
}

/**
 * Reads the body of a request as an object of the kind that its URL names. What the body does not say about apiVersion and
 * kind is taken from the URL. Throws a StatusError BadRequest with the API server's text.
 */
export function decodeObject(
  info: KindInfo,
  body: Uint8Array,
  media: MediaType,
  types: Pick<TypeTable, "findType">,
): Decoded {
  if (media === "protobuf" && info.custom) throw new StatusError("UnsupportedMediaType", NO_PROTOBUF);
  let given: GroupVersionKind | undefined;
  try {
    const read = READERS[media](body);
    given = complete(read.apiVersion, read.kind, info);
    if (given.version === "")
      throw new DecodingError(`Object 'apiVersion' is missing in '${new TextDecoder().decode(body)}'`);
    return decodeAs(info, given, read, types);
  } catch (error) {
    if (!(error instanceof DecodingError)) throw error;
    throw new StatusError("BadRequest", refusal(info, given, error.message, body));
  }
}

const NO_PROTOBUF =
  "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml";

/** Reads an object that is parsed already and whose kind is known, whatever it says itself. Throws DecodingError. */
export function decodeValue(info: KindInfo, value: JsonValue): Decoded {
  return walk(info, JsonDocument.of(value));
}

/**
 * Reads an object that is parsed already and may say that it is of another kind or version: what a merge patch has made.
 * Throws DecodingError.
 */
export function decodeNamed(info: KindInfo, value: JsonValue, types: Pick<TypeTable, "findType">): Decoded {
  const read = interpreted(JsonDocument.of(value), []);
  return decodeAs(info, complete(read.apiVersion, read.kind, info), read, types);
}

const YAML_PROBLEM = "yaml: unmarshal errors:";

/** The warnings of `fieldValidation=Warn`, one for each problem and for each line of a problem with YAML. */
export function problemWarnings(problems: readonly string[]): string[] {
  return problems.flatMap((text) => (text.startsWith(YAML_PROBLEM) ? text.split("\n  ").slice(1) : [text]));
}

/** The refusal of `fieldValidation=Strict`. */
export function strictDecodingError(info: KindInfo, problems: readonly string[]): StatusError {
  const message = `strict decoding error: ${problems.join(", ")}`;
  return new StatusError(
    "BadRequest",
    `${info.kind} in version ${quoteGo(info.version)} cannot be handled as a ${info.kind}: ${message}`,
  );
}

/** A body of which so far only apiVersion and kind have been looked at. */
interface Read {
  readonly apiVersion: string;
  readonly kind: string;
  readonly problems: readonly string[];
  /** The rest, once it is known which type it has. */
  as(info: KindInfo): JsonDocument;
}

const READERS: Readonly<Record<MediaType, (body: Uint8Array) => Read>> = {
  json: (body) => interpreted(parseJson(body), []),
  yaml: (body) => {
    const { value, duplicates } = yamlBody(body);
    const problems = duplicates.length > 0 ? [[YAML_PROBLEM, ...duplicates].join("\n  ")] : [];
    return interpreted(JsonDocument.of(value), problems);
  },
  protobuf: (body) => {
    const { apiVersion, kind, raw } = readEnvelope(body);
    return { apiVersion, kind, problems: [], as: (info) => JsonDocument.of(readMessage(info.schema, raw)) };
  },
};

/** How Kubernetes begins the refusal of a body whose kind it cannot even find out. */
const UNINTERPRETED = "couldn't get version/kind; json parse error: ";

function parseJson(body: Uint8Array): JsonDocument {
  try {
    return JsonDocument.parse(body);
  } catch (error) {
    throw error instanceof DecodingError ? new DecodingError(UNINTERPRETED + error.message) : error;
  }
}

const TYPE_META = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

/** What the document says that it is. */
function interpreted(document: JsonDocument, problems: readonly string[]): Read {
  const { value } = document;
  const failed = `${UNINTERPRETED}json: cannot unmarshal`;
  if (value !== null && !isJsonObject(value))
    throw new DecodingError(`${failed} ${goJsonType(value)} into Go value of type ${TYPE_META}`);
  const text = (name: "apiVersion" | "kind"): string => {
    const part = value?.[name] ?? "";
    if (typeof part === "string") return part;
    throw new DecodingError(`${failed} ${goJsonType(part)} into Go struct field .${name} of type string`);
  };
  return { apiVersion: text("apiVersion"), kind: text("kind"), problems, as: () => document };
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What the body says that it is, completed from the URL. */
function complete(apiVersion: string, kind: string, info: KindInfo): GroupVersionKind {
  const parts = apiVersion.split("/");
  if (parts.length > 2) throw new DecodingError(`unexpected GroupVersion string: ${apiVersion}`);
  const [group, version] = parts.length === 2 ? parts : ["", apiVersion];
  const named = { group: group ?? "", version: version ?? "", kind: kind === "" ? info.kind : kind };
  if (named.version !== "") return named;
  if (named.group === "" || named.group === info.group) return { ...named, group: info.group, version: info.version };
  return named;
}

function decodeAs(info: KindInfo, given: GroupVersionKind, read: Read, types: Pick<TypeTable, "findType">): Decoded {
  if (given.kind === info.kind && given.version === info.version && given.group === info.group) {
    const { object, problems } = walk(info, read.as(info));
    return { object, problems: [...read.problems, ...problems] };
  }
  const apiVersion = apiVersionOf(given);
  const other = types.findType(apiVersion, given.kind);
  if (!other) {
    const kind = `${quoteGo(given.kind)} is registered for version ${quoteGo(apiVersion)}`;
    throw new DecodingError(`no kind ${kind} in scheme ${quoteGo(SCHEME)}`);
  }
  walk(other, read.as(other));
  if (!isSameKind(other, info))
    throw new DecodingError(
      `converting (${other.version}.${other.kind}) to (${internalName(info)}): unknown conversion`,
    );
  const expected = `does not match the expected API version (${apiVersionOf(info)})`;
  throw new StatusError("BadRequest", `the API version in the data (${apiVersion}) ${expected}`);
}

/** Where kube-apiserver's scheme is made, which its errors name. */
const SCHEME = "pkg/runtime/scheme.go:111";

/** Versions of one kind, and the two groups of Event, convert into each other. */
function isSameKind(a: KindInfo, b: KindInfo): boolean {
  return a.kind === b.kind && (a.group === b.group || a.kind === "Event");
}

/** `core.ConfigMap`, `rbac.Role`: the name of the type inside kube-apiserver. */
function internalName({ group, kind }: KindInfo): string {
  return group === "" ? `core.${kind}` : `${group.split(".")[0]}.${kind}`;
}

function walk(info: KindInfo, document: JsonDocument): Decoded {
  const { value, problems } = info.custom ? walkCustom(info.schema, document) : walkTyped(info.schema, document);
  return { object: asObject(info, value), problems };
}

/** The walked value under the type's own names. */
function asObject(info: KindInfo, value: JsonObject): Unstructured {
  const { apiVersion: _v, kind: _k, metadata = null, ...rest } = value;
  return {
    kind: info.kind,
    apiVersion: apiVersionOf(info),
    metadata: isJsonObject(metadata) ? metadata : {},
    ...rest,
  };
}

function refusal(info: KindInfo, given: GroupVersionKind | undefined, why: string, body: Uint8Array): string {
  if (given) return `${given.kind} in version ${quoteGo(given.version)} cannot be handled as a ${info.kind}: ${why}`;
  return `the object provided is unrecognized (must be of type ${info.kind}): ${why} (${summaryOf(body)})`;
}

/** Bytes of a body that a refusal shows. */
const SUMMARY_LENGTH = 30;

/** The beginning of the body: as text when it looks like JSON, else in hexadecimal. */
function summaryOf(body: Uint8Array): string {
  if (body.length === 0) return "<empty>";
  const head = body.subarray(0, SUMMARY_LENGTH);
  const shown =
    body[0] === 0x7b
      ? new TextDecoder().decode(head)
      : Array.from(head, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return body.length > SUMMARY_LENGTH ? `${shown} ...` : shown;
}
