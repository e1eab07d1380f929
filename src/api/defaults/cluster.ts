import { arrayOf, isJsonObject, type JsonValue, type MutableJsonObject, objectOf } from "../../lib/json.ts";
import { encodeBase64 } from "../decode/base64.ts";
import { withMissing } from "./resource-list.ts";
import type { Rules } from "./rule.ts";

/** Kinds of one rule each. */
export const clusterRules: Rules = {
  "core/v1.Namespace": namespace,
  "core/v1.NodeSpec": nodeSpec,
  "core/v1.NodeStatus": nodeStatus,
  "core/v1.Secret": secret,
  "core/v1.LimitRangeItem": limitRangeItem,
  "networking/v1.NetworkPolicySpec": networkPolicySpec,
  "rbac/v1.Subject": subject,
};

/** Every namespace can be selected by its name. */
function namespace(draft: MutableJsonObject): void {
  const metadata = objectOf(draft["metadata"]);
  if (!metadata["name"]) return;
  const labels = { ...objectOf(metadata["labels"]), "kubernetes.io/metadata.name": metadata["name"] };
  draft["metadata"] = { ...metadata, labels };
}

/** `podCIDR` is the first of `podCIDRs`, and wins when they differ. */
function nodeSpec(draft: MutableJsonObject): void {
  const [first] = arrayOf(draft["podCIDRs"]);
  const cidr = draft["podCIDR"];
  if (cidr && cidr !== first) draft["podCIDRs"] = [cidr];
  else if (!cidr && first) draft["podCIDR"] = first;
}

function nodeStatus(draft: MutableJsonObject): void {
  if (draft["capacity"] !== undefined) draft["allocatable"] ??= draft["capacity"];
}

/** `stringData` is for writing only: it becomes data. */
function secret(draft: MutableJsonObject): void {
  const { stringData = null } = draft;
  if (!isJsonObject(stringData)) return;
  delete draft["stringData"];
  const encoder = new TextEncoder();
  const written = Object.entries(stringData).map(([name, text]): [string, JsonValue] => [
    name,
    encodeBase64(encoder.encode(typeof text === "string" ? text : "")),
  ]);
  const data = [
    ...Object.entries(objectOf(draft["data"])).filter(([name]) => !Object.hasOwn(stringData, name)),
    ...written,
  ];
  draft["data"] = Object.fromEntries(data.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A container's limit is its maximum, its request its limit or else its minimum. */
function limitRangeItem(draft: MutableJsonObject): void {
  if (draft["type"] !== "Container") return;
  const limits = withMissing(objectOf(draft["default"]), objectOf(draft["max"]));
  const requests = withMissing(withMissing(objectOf(draft["defaultRequest"]), limits), objectOf(draft["min"]));
  if (Object.keys(limits).length > 0) draft["default"] = limits;
  if (Object.keys(requests).length > 0) draft["defaultRequest"] = requests;
}

function networkPolicySpec(draft: MutableJsonObject): void {
  if (arrayOf(draft["policyTypes"]).length > 0) return;
  draft["policyTypes"] = arrayOf(draft["egress"]).length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
}

function subject(draft: MutableJsonObject): void {
  if (draft["kind"] === "User" || draft["kind"] === "Group") draft["apiGroup"] ||= "rbac.authorization.k8s.io";
}
