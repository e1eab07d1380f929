import { DecodingError } from "../../api/decode/decoding-error.ts";
import { jsonSyntaxError } from "../../api/decode/json-syntax.ts";
import { yamlDocuments } from "../../api/decode/yaml.ts";
import { AppError } from "../../lib/app-error.ts";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, objectOf, textOf } from "../../lib/json.ts";
import type { Cluster } from "./cluster.ts";
import type { DiscoveredResource } from "./discovered.ts";
import type { ManifestFile } from "./manifest-files.ts";

/** One object of a manifest, with the resource that it belongs to and the namespace that it goes to. */
export interface ManifestObject {
  /** The file, for messages. */
  readonly source: string;
  readonly resource: DiscoveredResource;
  readonly name: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace: string | undefined;
  /** With its namespace filled in. */
  readonly object: JsonObject;
}

export function isObject(each: ManifestObject | Error): each is ManifestObject {
  return !(each instanceof Error);
}

/** All objects of the files, those that are wrong as the errors that they are: the others are still worked on. */
export async function manifestObjects(
  files: readonly ManifestFile[],
  cluster: Cluster,
): Promise<readonly (ManifestObject | Error)[]> {
  const documents = files.flatMap((file) => documentsOf(file));
  const resources = await cluster.resources();
  return documents.map((document) => {
    if (document instanceof Error) return document;
    const { source, object } = document;
    const apiVersion = textOf(object["apiVersion"]);
    const kind = textOf(object["kind"]);
    const metadata = objectOf(object["metadata"]);
    const [name, namespace] = [textOf(metadata["name"]), textOf(metadata["namespace"])];
    const resource = resources.ofKind(apiVersion, kind);
    if (!resource) return noMatch(source, { apiVersion, kind, name, namespace });
    if (!resource.namespaced) return { source, resource, name, namespace: undefined, object };
    if (namespace !== "" && namespace !== cluster.namespace && cluster.namespaceIsGiven)
      return wrongNamespace(namespace, cluster.namespace);
    const filled = namespace === "" ? cluster.namespace : namespace;
    return {
      source,
      resource,
      name,
      namespace: filled,
      object: { ...object, metadata: { ...metadata, namespace: filled } },
    };
  });
}

interface SourcedObject {
  readonly source: string;
  readonly object: JsonObject;
}

/** The objects of one file; lists are taken apart. A file that cannot be read as YAML or JSON is one error. */
export function documentsOf(file: ManifestFile): readonly (SourcedObject | Error)[] {
  try {
    return parse(file.text).flatMap((value) => itemsOf(file.name, value));
  } catch (error) {
    if (error instanceof DecodingError)
      return [new AppError("manifest", `error parsing ${file.name}: ${error.message}`)];
    throw error;
  }
}

function parse(text: string): readonly JsonValue[] {
  if (/^\s*\{/.test(text)) {
    const json = jsonStream(text);
    if (json) return json;
  }
  try {
    return yamlDocuments(text).map(({ value }) => value);
  } catch (error) {
    if (error instanceof DecodingError) throw new DecodingError(`error converting YAML to JSON: ${error.message}`);
    throw error;
  }
}

/** Several JSON documents may follow each other; undefined when the text is none but may be YAML in braces. */
function jsonStream(text: string): readonly JsonValue[] | undefined {
  try {
    return [JSON.parse(text) as JsonValue];
  } catch {
    const pieces = splitJson(text);
    if (!pieces) return undefined;
    return pieces.map((piece) => {
      const problem = jsonSyntaxError(new TextEncoder().encode(piece));
      if (problem !== undefined) throw new DecodingError(problem);
      return JSON.parse(piece) as JsonValue;
    });
  }
}

/** Cuts after each brace that closes the outermost object; undefined when they do not match. */
function splitJson(text: string): readonly string[] | undefined {
  const pieces: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === "{") depth++;
    else if (token === "}" && --depth === 0) {
      pieces.push(text.slice(start, index + 1));
      start = index + 1;
    }
  }
  return depth === 0 && text.slice(start).trim() === "" && pieces.length > 1 ? pieces : undefined;
}

function itemsOf(source: string, value: JsonValue): readonly (SourcedObject | Error)[] {
  if (!isJsonObject(value)) return [invalid(source, "invalid object to validate")];
  const { kind, items } = value;
  if (textOf(kind).endsWith("List") && items !== undefined && isJsonArray(items))
    return items.flatMap((item) => itemsOf(source, item));
  const missing = ["apiVersion", "kind"]
    .filter((field) => textOf(value[field]) === "")
    .map((field) => `${field} not set`);
  if (missing.length === 0) return [{ source, object: value }];
  const what = missing.length > 1 ? `[${missing.join(", ")}]` : missing[0];
  return [invalid(source, what ?? "")];
}

function invalid(source: string, what: string): AppError {
  const advice = "if you choose to ignore these errors, turn validation off with --validate=false";
  return new AppError("manifest", `error validating "${source}": error validating data: ${what}; ${advice}`);
}

interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

function noMatch(source: string, { apiVersion, kind, name, namespace }: Identity): AppError {
  return new AppError(
    "manifest",
    `resource mapping not found for name: "${name}" namespace: "${namespace}" from "${source}": no matches for kind "${kind}" in version "${apiVersion}"\nensure CRDs are installed first`,
  );
}

function wrongNamespace(theirs: string, ours: string): AppError {
  return new AppError(
    "manifest",
    `the namespace from the provided object "${theirs}" does not match the namespace "${ours}". You must pass '--namespace=${theirs}' to perform this operation.`,
  );
}
