import { type MutableJsonObject, objectOf } from "../../lib/json.ts";
import { mapObjects } from "./items.ts";
import type { Rules } from "./rule.ts";

/** Deployments, StatefulSets, DaemonSets, ReplicationControllers. */
export const workloadRules: Rules = {
  "apps/v1.DeploymentStrategy": rollingUpdate,
  "apps/v1.DaemonSetUpdateStrategy": rollingUpdate,
  "apps/v1.StatefulSetUpdateStrategy": statefulSetStrategy,
  "apps/v1.StatefulSetSpec": statefulSetSpec,
  "core/v1.ReplicationController": replicationController,
};

function rollingUpdate(draft: MutableJsonObject): void {
  if (draft["type"] === "RollingUpdate") draft["rollingUpdate"] ??= {};
}

/** A type that is named is taken as it is; only the default one gets parameters. */
function statefulSetStrategy(draft: MutableJsonObject): void {
  if (draft["type"]) return;
  draft["type"] = "RollingUpdate";
  draft["rollingUpdate"] ??= {};
}

/** Templates of claims are shown as whole objects. */
function statefulSetSpec(draft: MutableJsonObject): void {
  if (draft["volumeClaimTemplates"] === undefined) return;
  draft["volumeClaimTemplates"] = mapObjects(draft["volumeClaimTemplates"], (claim) => ({
    ...claim,
    kind: "PersistentVolumeClaim",
    apiVersion: "v1",
  }));
}

function replicationController(draft: MutableJsonObject): void {
  const spec = objectOf(draft["spec"]);
  const metadata = objectOf(draft["metadata"]);
  const labels = objectOf(objectOf(spec["template"])["metadata"])["labels"];
  if (labels === undefined) return;
  draft["spec"] = { ...spec, selector: spec["selector"] ?? labels };
  draft["metadata"] = { ...metadata, labels: metadata["labels"] ?? labels };
}
