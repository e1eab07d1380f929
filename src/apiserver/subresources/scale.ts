import type { KubeObject } from "../../api/object.ts";
import type { PrintedKind } from "../../api/print/printers.ts";
import {
  type LabelSelectorObject,
  formatLabelSelector,
  labelSelectorOf,
  labelSelectorOfMap,
} from "../../lib/label-selector.ts";
import { invalidField, notFound } from "../registry/failures.ts";
import type { ObjectTarget, Update } from "../registry/registry.ts";

/** `autoscaling/v1` Scale: the size of any workload. */
export interface Scale extends KubeObject {
  readonly spec: { readonly replicas?: number };
  readonly status: { readonly replicas: number; readonly selector?: string };
}

interface Workload extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: LabelSelectorObject | Readonly<Record<string, string>>;
  };
  readonly status?: { readonly replicas?: number };
}

/** How a Scale is printed. */
export const SCALE: PrintedKind = {
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  custom: false,
  columns: [
    { name: "Name", type: "string", format: "name", priority: 0 },
    { name: "Desired", type: "integer", format: "", priority: 0 },
    { name: "Available", type: "integer", format: "", priority: 0 },
    { name: "Age", type: "string", format: "", priority: 0 },
  ],
};

/** The size of a Deployment, ReplicaSet, StatefulSet or ReplicationController. */
export function scaleOf(object: KubeObject): Scale {
  const { metadata, spec, status, kind } = object as Workload;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  // A ReplicationController selects by a plain map of labels.
  const selector =
    kind === "ReplicationController"
      ? labelSelectorOfMap(spec?.selector as Readonly<Record<string, string>> | undefined)
      : labelSelectorOf(spec?.selector as LabelSelectorObject | undefined);
  const text = spec?.selector ? formatLabelSelector(selector) : "";
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: spec?.replicas ? { replicas: spec.replicas } : {},
    status: { replicas: status?.replicas ?? 0, ...(text && { selector: text }) },
  };
}

/** The change of a workload that a change of its Scale stands for. */
export function scaleChange(target: ObjectTarget, change: (scale: Scale) => Scale): Update["change"] {
  return (current) => {
    if (!current) throw notFound(target.info, target.name);
    const wanted = change(scaleOf(current));
    const replicas = wanted.spec?.replicas ?? 0;
    if (replicas < 0) {
      const why = "must be greater than or equal to 0";
      throw invalidField({ group: "autoscaling", kind: "Scale" }, target.name, "spec.replicas", replicas, why);
    }
    const { uid, resourceVersion } = wanted.metadata;
    const metadata = { ...current.metadata, uid, resourceVersion };
    const object: Workload = { ...current, metadata, spec: { ...(current as Workload).spec, replicas } };
    return { object, tracked: false };
  };
}
