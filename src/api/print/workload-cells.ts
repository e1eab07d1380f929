import { formatAge } from "../../lib/age.ts";
import { isJsonObject, type JsonValue } from "../../lib/json.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import {
  age,
  ago,
  asText,
  at,
  type Cell,
  count,
  integer,
  labels,
  listAt,
  name,
  NONE,
  numberOf,
  selector,
  text,
  UNSET,
  valueAt,
} from "./cell.ts";

/** The names, or the images, of the containers of a pod template. */
function containers(template: string, member: "name" | "image"): Cell {
  const read = listAt(`${template}.spec.containers`);
  return (object) =>
    read(object)
      .map((container) => asText(valueAt(container, [member])))
      .join(",");
}

/** `2/3`: what is ready of what is wanted. */
function outOf(ready: string, wanted: string): Cell {
  const [have, want] = [at(ready), at(wanted)];
  return (object) => `${numberOf(have(object))}/${numberOf(want(object))}`;
}

const NAMES = containers("spec.template", "name");
const IMAGES = containers("spec.template", "image");
const SELECTOR = selector("spec.selector", { empty: NONE, invalid: "<error>" });

export const deployment: readonly Cell[] = [
  name,
  outOf("status.readyReplicas", "spec.replicas"),
  integer("status.updatedReplicas"),
  integer("status.availableReplicas"),
  age,
  NAMES,
  IMAGES,
  selector("spec.selector", { empty: "", invalid: "<invalid>" }),
];

export const replicaSet: readonly Cell[] = [
  name,
  integer("spec.replicas"),
  integer("status.replicas"),
  integer("status.readyReplicas"),
  age,
  NAMES,
  IMAGES,
  SELECTOR,
];

export const scale: readonly Cell[] = [name, integer("spec.replicas"), integer("status.replicas"), age];

export const replicationController: readonly Cell[] = [...replicaSet.slice(0, -1), labels("spec.selector")];

export const statefulSet: readonly Cell[] = [name, outOf("status.readyReplicas", "spec.replicas"), age, NAMES, IMAGES];

export const daemonSet: readonly Cell[] = [
  name,
  integer("status.desiredNumberScheduled"),
  integer("status.currentNumberScheduled"),
  integer("status.numberReady"),
  integer("status.updatedNumberScheduled"),
  integer("status.numberAvailable"),
  labels("spec.template.spec.nodeSelector"),
  age,
  NAMES,
  IMAGES,
  SELECTOR,
];

const jobConditions = listAt("status.conditions");
const completions = at("spec.completions");
const parallelism = at("spec.parallelism");
const succeeded = at("status.succeeded");
const startTime = at("status.startTime");
const completionTime = at("status.completionTime");

/** In this order the first condition that holds is the status; deletion counts between failure and suspension. */
const JOB_STATUS: readonly (readonly [condition: string, status: string])[] = [
  ["Complete", "Complete"],
  ["Failed", "Failed"],
  ["", "Terminating"],
  ["Suspended", "Suspended"],
  ["FailureTarget", "FailureTarget"],
  ["SuccessCriteriaMet", "SuccessCriteriaMet"],
];

const jobStatus: Cell = (object) => {
  const conditions = jobConditions(object);
  const holds = (type: string): boolean => {
    if (type === "") return object.metadata.deletionTimestamp !== undefined;
    const condition = conditions.find((candidate) => isJsonObject(candidate) && candidate["type"] === type);
    return isJsonObject(condition) && condition["status"] === "True";
  };
  return JOB_STATUS.find(([condition]) => holds(condition))?.[1] ?? "Running";
};

const jobCompletions: Cell = (object) => {
  const done = numberOf(succeeded(object));
  const wanted = completions(object);
  if (typeof wanted === "number") return `${done}/${wanted}`;
  const parallel = numberOf(parallelism(object));
  return parallel > 1 ? `${done}/1 of ${parallel}` : `${done}/1`;
};

const jobDuration: Cell = (object, now) => {
  const start = timeOf(startTime(object));
  return start === undefined ? "" : formatAge((timeOf(completionTime(object)) ?? now) - start);
};

function timeOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "string" ? parseTimestamp(value) : undefined;
}

export const job: readonly Cell[] = [name, jobStatus, jobCompletions, jobDuration, age, NAMES, IMAGES, SELECTOR];

const suspend = at("spec.suspend");
const suspended: Cell = (object) => {
  const value = suspend(object);
  if (typeof value !== "boolean") return UNSET;
  return value ? "True" : "False";
};

export const cronJob: readonly Cell[] = [
  name,
  text("spec.schedule"),
  text("spec.timeZone", NONE),
  suspended,
  count("status.active"),
  ago("status.lastScheduleTime", NONE),
  age,
  containers("spec.jobTemplate.spec.template", "name"),
  containers("spec.jobTemplate.spec.template", "image"),
  selector("spec.jobTemplate.spec.selector", { empty: NONE, invalid: "<error>" }),
];

export const podTemplate: readonly Cell[] = [
  name,
  containers("template", "name"),
  containers("template", "image"),
  labels("template.metadata.labels"),
];

const controller: Cell = ({ metadata }) => {
  const owner = metadata.ownerReferences?.find((reference) => reference.controller);
  if (!owner) return NONE;
  const group = owner.apiVersion.includes("/") ? `.${owner.apiVersion.slice(0, owner.apiVersion.indexOf("/"))}` : "";
  return `${`${owner.kind}${group}`.toLowerCase()}/${owner.name}`;
};

export const controllerRevision: readonly Cell[] = [name, controller, integer("revision"), age];

export const podDisruptionBudget: readonly Cell[] = [
  name,
  text("spec.minAvailable", "N/A"),
  text("spec.maxUnavailable", "N/A"),
  integer("status.disruptionsAllowed"),
  age,
];
