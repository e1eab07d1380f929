import {
  arrayOf,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type MutableJsonObject,
  objectOf,
  textOf,
} from "../../lib/json.ts";
import { applyDefaults } from "../defaults/apply-defaults.ts";
import { JsonDocument } from "../decode/json-document.ts";
import { walkTyped } from "../decode/typed-walk.ts";
import type { Unstructured } from "../object.ts";
import type { KindInfo } from "../table/type-table.ts";
import { firstGeneration, nextGeneration } from "./generation.ts";
import { nextDaemonSet, preparedDaemonSet, preparedJob } from "./controllers.ts";
import { droppedFields } from "./dropped-fields.ts";
import { preparedPod } from "./pod.ts";
import { dropUnusedServiceFields } from "./service.ts";

/**
 * What becomes of an object before it is validated: fields that its author may not set are reset, those that the kind
 * keeps for itself are set. Pure; uid and name are known already, addresses and ports are allocated elsewhere.
 */

/** Prepares a new object. @param now RFC 3339, whole seconds. */
export function prepareForCreate(info: KindInfo, object: Unstructured, now: string): Unstructured {
  const prepared: MutableJsonObject = { ...object, ...droppedFields(kindOf(info), object, undefined) };
  resetStatus(info, prepared);
  CREATE[kindOf(info)]?.(prepared, now);
  const metadata = withGeneration(objectOf(prepared["metadata"]), firstGeneration(info, object));
  // What was reset has defaults again.
  return applyDefaults(info, { ...prepared, apiVersion: object.apiVersion, kind: object.kind, metadata });
}

/**
 * Prepares the new state of a stored object: through the main endpoint the status stays as it was, through a subresource
 * all but its own part.
 */
export function prepareForUpdate(
  info: KindInfo,
  object: Unstructured,
  old: Unstructured,
  subresource?: string,
): Unstructured {
  const next = subresource ? ofSubresource(info, object, old, subresource) : ofMain(info, object, old);
  // A report of the status is no change of what the author wants, even where it changes annotations.
  const generation = nextGeneration(info, subresource === "status" ? old : next, old);
  const metadata = withGeneration(next.metadata, generation);
  return { ...next, metadata };
}

type Preparation = (prepared: MutableJsonObject, now: string) => void;

const CREATE: Readonly<Record<string, Preparation>> = {
  "/Pod": (pod, now) => Object.assign(pod, preparedPod(pod, now)),
  "/Namespace": (namespace) => {
    namespace["spec"] = withKubernetesFinalizer(objectOf(namespace["spec"]));
  },
  "/PersistentVolume": (volume, now) => {
    volume["status"] = { ...objectOf(volume["status"]), lastPhaseTransitionTime: now };
  },
  "/PersistentVolumeClaim": (claim) => {
    claim["spec"] = withBothDataSources(objectOf(claim["spec"]));
  },
  "apps/DaemonSet": (set) => Object.assign(set, preparedDaemonSet(set)),
  "batch/Job": (job) => Object.assign(job, preparedJob(job)),
};

function kindOf({ group, kind }: KindInfo): string {
  return `${group}/${kind}`;
}

/** Nodes report themselves, and are created with a status. */
const KEEPS_STATUS = new Set(["/Node"]);

function resetStatus(info: KindInfo, prepared: MutableJsonObject): void {
  const status = info.schema.fields.get("status")?.schema;
  if (!status || KEEPS_STATUS.has(kindOf(info))) return;
  if (info.custom || status.kind !== "object") delete prepared["status"];
  else prepared["status"] = walkTyped(status, JsonDocument.of({})).value;
}

function withKubernetesFinalizer(spec: JsonObject): JsonObject {
  const finalizers = arrayOf(spec["finalizers"]);
  return finalizers.includes("kubernetes") ? spec : { ...spec, finalizers: [...finalizers, "kubernetes"] };
}

/** Kinds that the old `dataSource` may name; other sources were never looked at and are dropped. */
const DATA_SOURCE_KINDS = new Set(["/PersistentVolumeClaim", "snapshot.storage.k8s.io/VolumeSnapshot"]);

/** `dataSource` and `dataSourceRef` say the same, whichever was given. */
function withBothDataSources(spec: JsonObject): JsonObject {
  const { dataSource: given = null, dataSourceRef: reference = null, ...rest } = spec;
  const named = `${textOf(objectOf(given)["apiGroup"])}/${textOf(objectOf(given)["kind"])}`;
  const source = reference === null && !DATA_SOURCE_KINDS.has(named) ? null : given;
  if (source === null && reference === null) return rest;
  const inNamespace = isJsonObject(reference) && typeof reference["namespace"] === "string";
  const both: MutableJsonObject = { ...rest, dataSource: source ?? reference, dataSourceRef: reference ?? source };
  if (inNamespace && source === null) delete both["dataSource"];
  return both;
}

function withGeneration(metadata: JsonObject, generation: number | undefined): JsonObject {
  const { generation: _, ...rest } = metadata;
  return generation === undefined ? rest : { ...rest, generation };
}

function ofMain(info: KindInfo, object: Unstructured, old: Unstructured): Unstructured {
  const next: MutableJsonObject = { ...object, ...droppedFields(kindOf(info), object, old) };
  if (hasStatusEndpoint(info)) copyMember(next, old, "status");
  switch (kindOf(info)) {
    case "/Namespace":
      next["spec"] = { ...objectOf(next["spec"]), finalizers: objectOf(old["spec"])["finalizers"] ?? null };
      break;
    case "/Service":
      Object.assign(next, dropUnusedServiceFields(next, old));
      break;
    case "/PersistentVolumeClaim":
      next["spec"] = withBothDataSources(objectOf(next["spec"]));
      break;
    case "apps/DaemonSet":
      Object.assign(next, nextDaemonSet(next, old));
      break;
    default:
  }
  return { ...next, apiVersion: object.apiVersion, kind: object.kind, metadata: objectOf(next["metadata"]) };
}

function hasStatusEndpoint(info: KindInfo): boolean {
  return info.schema.fields.has("status");
}

/** The member as it was, absent when it was absent. */
function copyMember(to: MutableJsonObject, from: Unstructured, name: string): void {
  const value = from[name];
  if (value === undefined) delete to[name];
  else to[name] = value;
}

function ofSubresource(info: KindInfo, object: Unstructured, old: Unstructured, subresource: string): Unstructured {
  if (info.custom) return customStatus(object, old);
  const kept: MutableJsonObject = { ...object };
  if (subresource === "finalize") copyMember(kept, old, "status");
  else if (subresource === "status") copyMember(kept, old, "spec");
  else return partOfSpec(object, old, partsOf(subresource));
  const metadata = subresource === "status" ? statusMetadata(info, object, old) : object.metadata;
  return { ...kept, apiVersion: object.apiVersion, kind: object.kind, metadata };
}

const FIXED_METADATA: Readonly<Record<string, readonly string[]>> = {
  "/Pod": ["ownerReferences", "deletionTimestamp"],
  "apps/Deployment": ["labels"],
};

/** Who owns a pod is none of a kubelet's business; a Deployment's labels none of a controller's. */
function statusMetadata({ group, kind }: KindInfo, object: Unstructured, old: Unstructured): JsonObject {
  const metadata: MutableJsonObject = { ...object.metadata };
  for (const name of FIXED_METADATA[`${group}/${kind}`] ?? []) {
    const before: JsonValue | undefined = old.metadata[name];
    if (before === undefined) delete metadata[name];
    else metadata[name] = before;
  }
  return metadata;
}

/** Of a custom object only the status is written, and who manages it. */
function customStatus(object: Unstructured, old: Unstructured): Unstructured {
  const { status, metadata } = object;
  const { managedFields } = metadata;
  const next: MutableJsonObject = { ...old };
  if (status === undefined) delete next["status"];
  else next["status"] = status;
  const kept = managedFields === undefined ? old.metadata : { ...old.metadata, managedFields };
  return { ...next, apiVersion: old.apiVersion, kind: old.kind, metadata: kept };
}

/** Subresources that write a part of the spec alone. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  ephemeralcontainers: ["ephemeralContainers"],
};

function partsOf(subresource: string): readonly string[] {
  const parts = PARTS[subresource];
  if (!parts) throw new Error(`nothing is written through the subresource ${subresource}`);
  return parts;
}

function partOfSpec(object: Unstructured, old: Unstructured, names: readonly string[]): Unstructured {
  const spec: MutableJsonObject = { ...objectOf(old["spec"]) };
  for (const name of names) {
    const value = objectOf(object["spec"])[name];
    if (value === undefined) delete spec[name];
    else spec[name] = value;
  }
  const { managedFields } = object.metadata;
  const metadata = managedFields === undefined ? old.metadata : { ...old.metadata, managedFields };
  return { ...old, spec, metadata };
}
