import { type Document, isNode, parseAllDocuments, type ScalarTag, type Tags, visit, type YAMLError } from "yaml";
import { quoteGo } from "../../lib/go-format.ts";
import { isJsonArray, isJsonObject, type JsonValue } from "../../lib/json.ts";
import { decodeBase64 } from "./base64.ts";
import { DecodingError } from "./decoding-error.ts";

/**
 * YAML as Kubernetes reads it: YAML 1.1 with go-yaml's idea of plain scalars. `yes`, `on` and `y` are true, `0777` is 511, but
 * neither sexagesimal numbers (`1:30`) nor times are anything but text.
 */

export interface YamlDocument {
  readonly value: JsonValue;
  /** Keys that a map has twice, the last of which counts; in go-yaml's words. */
  readonly duplicates: readonly string[];
}

/** The documents of a stream, the empty ones left out. Throws DecodingError. */
export function yamlDocuments(text: string): YamlDocument[] {
  return parse(text).flatMap((document) => {
    const read = readDocument(text, document);
    return read.value === null ? [] : [read];
  });
}

/** The first document of the body, which is the only one that a request can have. Throws DecodingError. */
export function yamlBody(body: Uint8Array): YamlDocument {
  const text = new TextDecoder().decode(body);
  const [first] = parse(text);
  return first ? readDocument(text, first) : { value: null, duplicates: [] };
}

function parse(text: string): Document.Parsed[] {
  try {
    const documents = parseAllDocuments(text, { version: "1.1", schema: "failsafe", customTags, logLevel: "silent" });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    throw new DecodingError(`yaml: ${messageOf(error)}`);
  }
}

function readDocument(text: string, document: Document.Parsed): YamlDocument {
  const wrong = document.errors.find((error) => error.code !== "DUPLICATE_KEY");
  if (wrong) throw new DecodingError(`yaml: line ${lineOf(wrong)}: ${wrong.message.split(" at line ")[0]}`);
  refuseSelfReference(document);
  let value: JsonValue;
  try {
    value = document.toJS() as JsonValue;
  } catch (error) {
    throw new DecodingError(`yaml: ${aliasProblem(messageOf(error))}`);
  }
  refuseNonFinite(value);
  return { value: value ?? null, duplicates: document.errors.map((error) => duplicateOf(text, error)) };
}

/** In go-yaml's words. A few lines of aliases to aliases can stand for more than any memory holds. */
function aliasProblem(message: string): string {
  if (message.startsWith("Excessive alias count")) return "document contains excessive aliasing";
  const [, name] = /^Unresolved alias .*: (.*)$/.exec(message) ?? [];
  return name === undefined ? message : `unknown anchor '${name}' referenced`;
}

function refuseSelfReference(document: Document.Parsed): void {
  visit(document, {
    Alias: (_, { source }, path) => {
      if (path.some((outer) => isNode(outer) && "anchor" in outer && outer.anchor === source))
        throw new DecodingError(`yaml: anchor '${source}' value contains itself`);
    },
  });
}

function duplicateOf(text: string, error: YAMLError): string {
  const key = /^(["']?)(.*?)\1(?:\s*:|\s*$)/m.exec(text.slice(error.pos[0]))?.[2] ?? "";
  return `line ${lineOf(error)}: key ${quoteGo(key)} already set in map`;
}

function lineOf(error: YAMLError): number {
  return error.linePos?.[0].line ?? 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `.inf` and `.nan` have no JSON form. */
function refuseNonFinite(value: JsonValue): void {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new DecodingError(`json: unsupported value: ${value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN"}`);
  if (isJsonArray(value)) for (const item of value) refuseNonFinite(item);
  else if (isJsonObject(value)) for (const item of Object.values(value)) refuseNonFinite(item ?? null);
}

const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/;

/** What strconv.ParseInt makes of the text with base 0, underscores dropped; undefined when it is no integer. */
function integerOf(text: string): number | undefined {
  const match = INTEGER.exec(text);
  if (!match) return undefined;
  const [, sign, digits = ""] = match;
  const literal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  return (sign === "-" ? -1 : 1) * Number(literal);
}

const plain = (text: string): string => text.replaceAll("_", "");

const nullTag: ScalarTag = {
  tag: "tag:yaml.org,2002:null",
  default: true,
  test: /^(?:~|[Nn]ull|NULL)?$/,
  resolve: () => null,
};
const trueTag: ScalarTag = {
  tag: "tag:yaml.org,2002:bool",
  default: true,
  test: /^(?:[Yy]|[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON)$/,
  resolve: () => true,
};
const falseTag: ScalarTag = {
  tag: "tag:yaml.org,2002:bool",
  default: true,
  test: /^(?:[Nn]|[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF)$/,
  resolve: () => false,
};
const integerTag: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|0_*|[1-9][0-9_]*)$/,
  resolve: (text) => integerOf(plain(text)) ?? text,
};
const floatTag: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test: /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/,
  resolve: (text) => Number(plain(text)),
};
const notFiniteTag: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test: /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  resolve: (text) => (/nan/i.test(text) ? Number.NaN : text.startsWith("-") ? -Infinity : Infinity),
};

/** Text in base64; only where a tag says so. */
const binaryTag: ScalarTag = {
  tag: "tag:yaml.org,2002:binary",
  resolve: (text) => new TextDecoder().decode(decodeBase64(text)),
};

const customTags: Tags = [nullTag, trueTag, falseTag, integerTag, floatTag, notFiniteTag, binaryTag, "merge"];
