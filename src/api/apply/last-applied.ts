import { byteLength } from "../../lib/byte-length.ts";
import { encodeGoJson } from "../../lib/go-format.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/json.ts";
import { apiVersionOf } from "../resource.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { problemOfConfig } from "./check-config.ts";
import { compareFields, fieldsOf } from "./comparison.ts";
import type { FieldSet } from "./field-set.ts";
import { untypedOf } from "./track-fields.ts";

/**
 * Moving from client-side to server-side apply: `kubectl apply` leaves the manifest in an annotation, and what it says and
 * is still so belongs to who runs `kubectl apply --server-side`, although `kubectl-client-side-apply` owns it.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply
 */
const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

/** All annotations of an object together. */
const MAX_ANNOTATIONS = 256 * 1024;

/** The only manager that this is done for. */
export const KUBECTL = "kubectl";

/** The fields that the annotation gives to kubectl; none when there is no good annotation. */
export function lastAppliedFields(info: ResourceInfo, live: JsonObject): FieldSet | undefined {
  const text = annotationsOf(live)?.[ANNOTATION];
  const config = typeof text === "string" ? parse(text) : undefined;
  if (!config || config["apiVersion"] !== apiVersionOf(info)) return undefined;
  const untyped = untypedOf(info);
  if (problemOfConfig(config, info.schema, untyped) !== undefined) return undefined;
  const { added, modified, removed } = compareFields(config, live, info.schema, untyped);
  return fieldsOf(config, info.schema, untyped).difference(modified).difference(added).difference(removed);
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Brings the annotation, when the object has one, up to the configuration that was applied, so that both ways of applying can go on. */
export function withLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  if (!annotations?.[ANNOTATION]) return object;
  const text = `${encodeGoJson(withoutAnnotation(config))}\n`;
  const updated: JsonObject = { ...annotations, [ANNOTATION]: text };
  return withAnnotations(object, sizeOf(updated) > MAX_ANNOTATIONS ? omit(annotations) : updated);
}

function sizeOf(annotations: JsonObject): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(annotations))
    bytes += byteLength(name) + byteLength(typeof value === "string" ? value : "");
  return bytes;
}

function withoutAnnotation(config: JsonObject): JsonObject {
  const annotations = annotationsOf(config);
  if (!annotations || annotations[ANNOTATION] === undefined) return config;
  return withAnnotations(config, omit(annotations));
}

function omit(annotations: JsonObject): JsonObject {
  const { [ANNOTATION]: _, ...rest } = annotations;
  return rest;
}

function annotationsOf(object: JsonObject): JsonObject | undefined {
  const { metadata } = object;
  const annotations = isJsonObject(metadata) ? metadata["annotations"] : undefined;
  return isJsonObject(annotations) ? annotations : undefined;
}

function withAnnotations(object: JsonObject, annotations: JsonObject): JsonObject {
  const { metadata } = object;
  return { ...object, metadata: { ...(isJsonObject(metadata) ? metadata : {}), annotations } };
}
