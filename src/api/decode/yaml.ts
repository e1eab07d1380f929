import {
  type Document,
  isNode,
  isScalar,
  parseAllDocuments,
  type ScalarTag,
  type Tags,
  visit,
  type YAMLError,
} from "yaml";
import { quoteGo } from "../../lib/go-format.ts";
import { isJsonArray, isJsonObject, type JsonValue } from "../../lib/json.ts";
import { decodeBase64 } from "./base64.ts";
import { DecodingError } from "./decoding-error.ts";
import { JsonDocument } from "./json-document.ts";

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
  const json = plainJson(body, text);
  if (json !== undefined) return { value: json, duplicates: [] };
  const [first] = parse(text);
  return first ? readDocument(text, first) : { value: null, duplicates: [] };
}

/** kubectl sends JSON, which is read far faster as what it is; what has members twice is left to YAML, which tells where. */
function plainJson(body: Uint8Array, text: string): JsonValue | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const document = JsonDocument.parse(body);
    return document.hasDuplicates() ? undefined : document.value;
  } catch {
    return undefined;
  }
}

function parse(text: string): Document.Parsed[] {
  try {
    const documents = parseAllDocuments(text, {
      version: "1.1",
      schema: "failsafe",
      customTags,
      uniqueKeys: false,
      logLevel: "silent",
    });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    throw new DecodingError(`yaml: ${messageOf(error)}`);
  }
}

function readDocument(text: string, document: Document.Parsed): YamlDocument {
  const [wrong] = document.errors;
  if (wrong) throw new DecodingError(`yaml: line ${lineOf(wrong)}: ${wrong.message.split(" at line ")[0]}`);
  let value: JsonValue;
  try {
    refuseSelfReference(document);
    value = document.toJS() as JsonValue;
  } catch (error) {
    if (error instanceof DecodingError) throw error;
    throw new DecodingError(`yaml: ${aliasProblem(messageOf(error))}`);
  }
  refuseNonFinite(value);
  return { value: value ?? null, duplicates: duplicatesOf(text, document) };
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

/** The parser compares each key with all others of its map; with a set a large map takes no longer than its text. */
function duplicatesOf(text: string, document: Document.Parsed): string[] {
  const duplicates: string[] = [];
  let [line, from] = [1, 0];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const at = key.range?.[0] ?? from;
        if (seen.has(key.value)) {
          line = at < from ? lineAt(text, 0, at, 1) : lineAt(text, from, at, line);
          from = at;
          duplicates.push(`line ${line}: key ${quoteGo(String(key.source ?? key.value))} already set in map`);
        }
        seen.add(key.value);
      }
    },
  });
  return duplicates;
}

/** The line of a place, counted on from the line of another. */
function lineAt(text: string, from: number, at: number, line: number): number {
  let lines = line;
  for (let i = text.indexOf("\n", from); i !== -1 && i < at; i = text.indexOf("\n", i + 1)) lines++;
  return lines;
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
