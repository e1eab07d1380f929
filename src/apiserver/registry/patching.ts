import { parseConfiguration } from "../../api/apply/apply-configuration.ts";
import { decodeNamed, decodeValue, problemWarnings } from "../../api/decode/decode-object.ts";
import { DecodingError } from "../../api/decode/decoding-error.ts";
import { JsonDocument } from "../../api/decode/json-document.ts";
import { yamlBody } from "../../api/decode/yaml.ts";
import type { KubeObject } from "../../api/object.ts";
import { applyPatch, type PatchType } from "../../api/patch/patch.ts";
import { StatusError } from "../../api/status-error.ts";
import type { KindInfo, TypeTable } from "../../api/table/type-table.ts";
import { formatGo } from "../../lib/go-format.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/json.ts";
import { invalidField, notFound } from "./failures.ts";
import { asJson, asObject } from "./json-view.ts";

/** What becomes of fields that the kind does not have, or that are there twice. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** A patch as it came, read but not yet applied to anything. */
export interface ReadPatch {
  readonly type: PatchType;
  readonly body: JsonValue;
  /** Members that the patch itself names twice. */
  readonly duplicates: readonly string[];
}

/** Reads the body of a PATCH request. Throws BadRequest with Kubernetes' text when it is not JSON. */
export function readPatch(type: PatchType, bytes: Uint8Array): ReadPatch {
  try {
    const document = JsonDocument.parse(bytes);
    const duplicates = document.hasDuplicates() ? document.members().filter((member) => member.duplicate) : [];
    return { type, body: document.value, duplicates: duplicates.map(({ path }) => `duplicate field "${path}"`) };
  } catch (error) {
    if (!(error instanceof DecodingError)) throw error;
    throw new StatusError(
      "BadRequest",
      type === "strategic" ? error.message : `error decoding patch: ${error.message}`,
    );
  }
}

/** How what a patch makes is read. */
export interface PatchReading {
  readonly types: Pick<TypeTable, "findType">;
  readonly validation: FieldValidation;
  readonly warn: (text: string) => void;
}

/** The object that a patch makes of the current one, decoded. Throws Invalid when it is no object of the kind. */
export function patched(
  kind: KindInfo,
  current: KubeObject,
  patch: ReadPatch,
  { types, validation, warn }: PatchReading,
): KubeObject {
  const { document, unknownFields } = applyPatch(kind, patch.type, asJson(current), patch.body);
  const problems = [...patch.duplicates, ...unknownFields];
  const refuse = (why: string): StatusError =>
    invalidField({ group: "", kind: "" }, "", "patch", shown(patch, document), why);
  let object: JsonObject;
  try {
    // A strategic merge patch is one of the typed object, which has no kind to change.
    const decoded = patch.type === "strategic" ? decodeValue(kind, document) : decodeNamed(kind, document, types);
    object = decoded.object;
    problems.push(...decoded.problems);
  } catch (error) {
    if (!(error instanceof DecodingError)) throw error;
    throw refuse(patch.type === "strategic" ? conversionFailure(error) : error.message);
  }
  if (problems.length > 0 && validation === "Strict") throw refuse(`strict decoding error: ${problems.join(", ")}`);
  if (problems.length > 0 && validation === "Warn") for (const text of problemWarnings(problems)) warn(text);
  return asObject(object);
}

/**
 * Kubernetes does not decode what a strategic merge patch makes, but converts it field by field, and says in words of its
 * own what does not fit.
 */
function conversionFailure({ message, mismatch }: DecodingError): string {
  if (!mismatch) return message;
  const { value, wanted, shape } = mismatch;
  const given = goKind(value);
  if (shape === "object") return `cannot restore struct from: ${given}`;
  if (shape === "list") return `cannot restore slice from ${given}`;
  if (shape === "map") return `cannot restore map from ${given}`;
  // Go could turn a number into any other scalar but a bool; JSON may not.
  return typeof value === "number" && wanted !== "bool"
    ? `cannot convert ${given} to ${wanted}`
    : `unrecognized type: ${wanted}`;
}

function goKind(value: JsonValue): string {
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  return Array.isArray(value) ? "slice" : "map";
}

/** What a refusal shows: the patch where the patch is merged field by field, else the document that it made. */
function shown({ type, body }: ReadPatch, document: JsonValue): string {
  if (type === "strategic") return formatGo(body);
  if (!isJsonObject(document)) return JSON.stringify(document);
  const sorted = Object.keys(document).sort();
  return JSON.stringify(Object.fromEntries(sorted.map((name) => [name, document[name]])));
}

/** A patch needs something to patch. */
export function requireCurrent(
  current: KubeObject | undefined,
  resource: { readonly group: string; readonly plural: string },
  name: string,
): KubeObject {
  if (!current) throw notFound(resource, name);
  return current;
}

/** The body of an apply request: YAML, of which JSON is a part. Throws BadRequest. */
export function readConfiguration(bytes: Uint8Array): {
  readonly config: JsonObject;
  readonly duplicates: readonly string[];
} {
  try {
    const { value, duplicates } = yamlBody(bytes);
    return { config: parseConfiguration(value), duplicates };
  } catch (error) {
    throw error instanceof DecodingError
      ? new StatusError("BadRequest", `error decoding YAML: ${error.message}`)
      : error;
  }
}
