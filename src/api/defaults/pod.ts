import { arrayOf, isJsonObject, type JsonObject, type MutableJsonObject, objectOf, textOf } from "../../lib/json.ts";
import { parseImageReference } from "../../lib/image-reference.ts";
import { mapObjects } from "./items.ts";
import { podLevelResources } from "./pod-level-resources.ts";
import { withMissing } from "./resource-list.ts";
import type { Rules } from "./rule.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export const podRules: Rules = {
  "core/v1.Pod": pod,
  "core/v1.PodSpec": podSpec,
  "core/v1.PodStatus": podStatus,
  "core/v1.Container": container,
  "core/v1.EphemeralContainer": container,
  "core/v1.Volume": volume,
};

/** What is filled in for pods, but not for the templates of pods. */
function pod(draft: MutableJsonObject): void {
  const spec: MutableJsonObject = { ...objectOf(draft["spec"]) };
  for (const name of ["containers", "initContainers"]) {
    if (spec[name] !== undefined)
      spec[name] = mapObjects(spec[name], (c) => podContainer(c, spec["hostNetwork"] === true));
  }
  podLevelResources(spec);
  spec["enableServiceLinks"] ??= true;
  // A negative grace period is the shortest.
  const grace = spec["terminationGracePeriodSeconds"];
  if (typeof grace === "number" && grace < 0) spec["terminationGracePeriodSeconds"] = 1;
  draft["spec"] = spec;
}

function podContainer(given: JsonObject, hostNetwork: boolean): JsonObject {
  const draft: MutableJsonObject = { ...given };
  const resources = objectOf(draft["resources"]);
  if (isJsonObject(resources["limits"])) {
    const requests = withMissing(objectOf(resources["requests"]), resources["limits"]);
    draft["resources"] = { ...resources, requests };
  }
  if (hostNetwork && draft["ports"] !== undefined) draft["ports"] = mapObjects(draft["ports"], onHost);
  return draft;
}

/** On the host's network a container's port is the host's. */
function onHost(port: JsonObject): JsonObject {
  return port["hostPort"] ? port : { ...port, hostPort: port["containerPort"] };
}

/** `serviceAccount` is the old name of `serviceAccountName`; both are shown. */
function podSpec(draft: MutableJsonObject): void {
  const account = draft["serviceAccountName"] || draft["serviceAccount"];
  if (!account) return;
  draft["serviceAccountName"] = account;
  draft["serviceAccount"] = account;
}

/** `podIP` is the first of `podIPs`, and wins when they differ. */
function podStatus(draft: MutableJsonObject): void {
  const [first] = arrayOf(draft["podIPs"]);
  const firstIp = objectOf(first)["ip"];
  const ip = draft["podIP"];
  if (ip && ip !== firstIp) draft["podIPs"] = [{ ip }];
  else if (!ip && firstIp) draft["podIP"] = firstIp;
}

function container(draft: MutableJsonObject): void {
  draft["imagePullPolicy"] ||= defaultPullPolicy(textOf(draft["image"]));
}

/** Always for `:latest`, which is also the tag of a name without tag and digest. */
function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  return parseImageReference(image)?.tag === "latest" ? "Always" : "IfNotPresent";
}

function volume(draft: MutableJsonObject): void {
  const sources = Object.keys(draft).filter((name) => name !== "name");
  if (sources.length === 0) draft["emptyDir"] = {};
  const image = draft["image"];
  if (!isJsonObject(image) || image["pullPolicy"]) return;
  draft["image"] = { ...image, pullPolicy: defaultPullPolicy(textOf(image["reference"])) };
}
