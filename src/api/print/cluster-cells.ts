import type { JsonValue } from "../../lib/json.ts";
import {
  age,
  asText,
  at,
  boolean,
  type Cell,
  integer,
  listAt,
  name,
  NONE,
  text,
  textOr,
  textsAt,
  UNKNOWN,
  valueAt,
} from "./cell.ts";

const data = textsAt("data");
const binaryData = textsAt("binaryData");
const sizeOf = (map: object): number => Object.keys(map).length;

export const namespace: readonly Cell[] = [name, text("status.phase"), age];
export const configMap: readonly Cell[] = [name, (object) => sizeOf(data(object)) + sizeOf(binaryData(object)), age];
export const secret: readonly Cell[] = [name, text("type"), (object) => sizeOf(data(object)), age];
export const serviceAccount: readonly Cell[] = [name, age];
export const lease: readonly Cell[] = [name, text("spec.holderIdentity"), age];
export const runtimeClass: readonly Cell[] = [name, text("handler"), age];
export const priorityClass: readonly Cell[] = [
  name,
  integer("value"),
  boolean("globalDefault"),
  age,
  text("preemptionPolicy"),
];

const conditions = listAt("conditions");

const componentHealth = (member: "status" | "message" | "error"): Cell => {
  return (object) => {
    const healthy = conditions(object).find((condition) => valueAt(condition, ["type"]) === "Healthy");
    if (member !== "status") return asText(valueAt(healthy, [member]));
    if (healthy === undefined) return "Unknown";
    return valueAt(healthy, ["status"]) === "True" ? "Healthy" : "Unhealthy";
  };
};

export const componentStatus: readonly Cell[] = [
  name,
  componentHealth("status"),
  componentHealth("message"),
  componentHealth("error"),
];

const ROLE_PREFIX = "node-role.kubernetes.io/";
const ROLE_LABEL = "kubernetes.io/role";

const nodeConditions = listAt("status.conditions");
const nodeAddresses = listAt("status.addresses");
const unschedulable = at("spec.unschedulable");
const kernel = at("status.nodeInfo.kernelVersion");
const architecture = at("status.nodeInfo.architecture");

const nodeStatus: Cell = (object) => {
  const ready = nodeConditions(object).findLast((condition) => valueAt(condition, ["type"]) === "Ready");
  const status = ready === undefined ? "Unknown" : valueAt(ready, ["status"]) === "True" ? "Ready" : "NotReady";
  return unschedulable(object) === true ? `${status},SchedulingDisabled` : status;
};

const roles: Cell = ({ metadata }) => {
  const found = new Set<string>();
  for (const [label, value] of Object.entries(metadata.labels ?? {})) {
    if (label.startsWith(ROLE_PREFIX)) found.add(label.slice(ROLE_PREFIX.length));
    else if (label === ROLE_LABEL) found.add(value);
  }
  found.delete("");
  return [...found].sort().join(",") || NONE;
};

function nodeAddress(type: string): Cell {
  return (object) => {
    const address = nodeAddresses(object).find((candidate) => valueAt(candidate, ["type"]) === type);
    return address === undefined ? NONE : asText(valueAt(address, ["address"]));
  };
}

const kernelVersion: Cell = (object) => {
  const machine = asText(architecture(object));
  return `${asText(kernel(object)) || UNKNOWN}${machine === "" ? "" : ` (${machine})`}`;
};

export const node: readonly Cell[] = [
  name,
  nodeStatus,
  roles,
  age,
  text("status.nodeInfo.kubeletVersion"),
  nodeAddress("InternalIP"),
  nodeAddress("ExternalIP"),
  textOr("status.nodeInfo.osImage", UNKNOWN),
  kernelVersion,
  textOr("status.nodeInfo.containerRuntimeVersion", UNKNOWN),
];

const subjects = listAt("subjects");

function subjectsOf(kind: string): Cell {
  return (object) =>
    subjects(object)
      .filter((subject) => valueAt(subject, ["kind"]) === kind)
      .map((subject) => subjectName(kind, subject))
      .join(", ");
}

function subjectName(kind: string, subject: JsonValue): string {
  const own = asText(valueAt(subject, ["name"]));
  return kind === "ServiceAccount" ? `${asText(valueAt(subject, ["namespace"]))}/${own}` : own;
}

const roleRef = at("roleRef");

/** Of a RoleBinding and of a ClusterRoleBinding. */
export const binding: readonly Cell[] = [
  name,
  (object) => `${asText(valueAt(roleRef(object), ["kind"]))}/${asText(valueAt(roleRef(object), ["name"]))}`,
  age,
  subjectsOf("User"),
  subjectsOf("Group"),
  subjectsOf("ServiceAccount"),
];
