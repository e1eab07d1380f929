import {
  arrayOf,
  isJsonObject,
  jsonEqual,
  type JsonObject,
  type JsonValue,
  type MutableJsonObject,
  objectOf,
} from "../../lib/json.ts";
import { mapObjects } from "../defaults/items.ts";

/**
 * Fields that Kubernetes takes and does not keep: those of features that are off by default in 1.36, and those that are
 * only read in objects of older servers. What an object has already it keeps.
 * https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/
 */

/** The members of the object without what its kind drops; `old` as it was, absent when it is new. */
type Drop = (object: JsonObject, old: JsonObject | undefined) => JsonObject;

const DROPS: Readonly<Record<string, Drop>> = {
  "/Node": (node, old) => {
    const spec = without(node["spec"], keptBy(objectOf(old?.["spec"]), ["configSource"]));
    return { spec, ...(!old && isJsonObject(node["status"]) && { status: without(node["status"], ["config"]) }) };
  },
  "/PersistentVolumeClaim": (claim, old) => ({ spec: withoutForeignSource(claim["spec"], objectOf(old?.["spec"])) }),
  "/Pod": (pod, old) => ({ spec: podSpec(pod["spec"], old?.["spec"]) }),
  "/PodTemplate": (holder, old) => ({ template: template(holder["template"], old?.["template"]) }),
  "/ReplicationController": ofTemplate,
  "/ServiceAccount": (account) =>
    account["secrets"] === undefined
      ? {}
      : { secrets: mapObjects(account["secrets"], ({ name }) => (name === undefined ? {} : { name })) },
  "apps/DaemonSet": ofTemplate,
  "apps/Deployment": ofTemplate,
  "apps/ReplicaSet": ofTemplate,
  "apps/StatefulSet": ofTemplate,
  "batch/CronJob": (job, old) => {
    const ofJob = (object: JsonObject | undefined): JsonObject => objectOf(objectOf(object?.["spec"])["jobTemplate"]);
    return {
      spec: { ...objectOf(job["spec"]), jobTemplate: { ...ofJob(job), ...ofTemplate(ofJob(job), ofJob(old)) } },
    };
  },
  "batch/Job": ofTemplate,
  "coordination.k8s.io/Lease": (lease, old) => ({
    spec: without(lease["spec"], keptBy(objectOf(old?.["spec"]), ["strategy", "preferredHolder"])),
  }),
  "discovery.k8s.io/EndpointSlice": (slice, old) =>
    !hasTopology(slice) || (old && jsonEqual(slice["endpoints"], old["endpoints"]))
      ? {}
      : { endpoints: mapObjects(slice["endpoints"], (each) => objectOf(without(each, ["deprecatedTopology"]))) },
};

/** The members that change; none for most objects. */
export function droppedFields(kind: string, object: JsonObject, old: JsonObject | undefined): JsonObject {
  const members = DROPS[kind]?.(object, old);
  if (!members) return {};
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function hasTopology(slice: JsonObject): boolean {
  return arrayOf(slice["endpoints"]).some((endpoint) => objectOf(endpoint)["deprecatedTopology"] !== undefined);
}

function ofTemplate(object: JsonObject, old: JsonObject | undefined): JsonObject {
  const spec = objectOf(object["spec"]);
  return { spec: { ...spec, template: template(spec["template"], objectOf(old?.["spec"])["template"]) } };
}

function template(given: JsonValue | undefined, old: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(given)) return given;
  const spec = podSpec(given["spec"], objectOf(old)["spec"]);
  return spec === undefined ? given : { ...given, spec };
}

const PROJECTIONS = ["clusterTrustBundle", "podCertificate"];
const CONTAINERS = ["initContainers", "containers", "ephemeralContainers"];

function podSpec(given: JsonValue | undefined, old: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(given)) return given;
  const before = objectOf(old);
  const spec: MutableJsonObject = { ...given };
  if (before["schedulingGroup"] === undefined) delete spec["schedulingGroup"];
  const projections = PROJECTIONS.filter((name) => !isProjected(before, name));
  if (projections.some((name) => isProjected(spec, name)))
    spec["volumes"] = mapObjects(spec["volumes"], (volume) => withoutProjections(volume, projections));
  if (!hasStopSignal(before) && hasStopSignal(spec)) {
    for (const name of CONTAINERS) if (spec[name] !== undefined) spec[name] = mapObjects(spec[name], withoutStopSignal);
  }
  return spec;
}

function sourcesOf(volume: JsonValue): readonly JsonValue[] {
  return arrayOf(objectOf(objectOf(volume)["projected"])["sources"]);
}

function isProjected(spec: JsonObject, name: string): boolean {
  return arrayOf(spec["volumes"]).some((volume) =>
    sourcesOf(volume).some((source) => objectOf(source)[name] !== undefined),
  );
}

function withoutProjections(volume: JsonObject, names: readonly string[]): JsonObject {
  const { projected } = volume;
  if (!isJsonObject(projected)) return volume;
  const sources = mapObjects(projected["sources"], (source) => objectOf(without(source, names)));
  return { ...volume, projected: { ...projected, sources } };
}

function hasStopSignal(spec: JsonObject): boolean {
  return CONTAINERS.some((name) =>
    arrayOf(spec[name]).some((container) => objectOf(objectOf(container)["lifecycle"])["stopSignal"] !== undefined),
  );
}

/** A lifecycle that says nothing else goes with it. */
function withoutStopSignal(container: JsonObject): JsonObject {
  const { lifecycle, ...rest } = container;
  if (!isJsonObject(lifecycle) || lifecycle["stopSignal"] === undefined) return container;
  const { stopSignal: _, ...hooks } = lifecycle;
  return Object.keys(hooks).length === 0 ? rest : { ...container, lifecycle: hooks };
}

/** A source in another namespace than the claim's. */
function withoutForeignSource(given: JsonValue | undefined, old: JsonObject): JsonValue | undefined {
  const reference = objectOf(objectOf(given)["dataSourceRef"]);
  const isForeign = Boolean(reference["namespace"]);
  return isForeign && old["dataSourceRef"] === undefined ? without(given, ["dataSourceRef"]) : given;
}

/** The names that the old object does not have. */
function keptBy(old: JsonObject, names: readonly string[]): readonly string[] {
  return names.filter((name) => old[name] === undefined);
}

function without(value: JsonValue | undefined, names: readonly string[]): JsonValue | undefined {
  if (!isJsonObject(value) || !names.some((name) => value[name] !== undefined)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
