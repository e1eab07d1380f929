import type { NodeCondition } from "../../api/generated/core-v1.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";

export interface NodeHealth {
  /** Bytes left on the home's file system. */
  readonly freeBytes: number;
  /** Why pods run without namespaces of their own; absent when they have them. */
  readonly withoutNamespaces?: string;
}

/** Below this little is left for the store and for logs; a share of the disk would cry wolf on a large, full one. */
const MIN_FREE = 100 * 1024 * 1024;

/** The node's conditions, in the kubelet's order and words. A condition keeps its time as long as it says the same. */
export function nodeConditions(
  health: NodeHealth,
  before: readonly NodeCondition[],
  now: number,
): readonly NodeCondition[] {
  const isFull = health.freeBytes < MIN_FREE;
  const own: readonly Omit<NodeCondition, "lastHeartbeatTime" | "lastTransitionTime">[] = [
    {
      type: "MemoryPressure",
      status: "False",
      reason: "KubeletHasSufficientMemory",
      message: "kubelet has sufficient memory available",
    },
    isFull
      ? { type: "DiskPressure", status: "True", reason: "KubeletHasDiskPressure", message: "kubelet has disk pressure" }
      : {
          type: "DiskPressure",
          status: "False",
          reason: "KubeletHasNoDiskPressure",
          message: "kubelet has no disk pressure",
        },
    {
      type: "PIDPressure",
      status: "False",
      reason: "KubeletHasSufficientPID",
      message: "kubelet has sufficient PID available",
    },
    ...(health.withoutNamespaces === undefined
      ? []
      : [
          {
            type: "NamespacesUnavailable",
            status: "True",
            reason: "NamespacesForbidden",
            message: `pods share the machine's root and process table: ${health.withoutNamespaces}`,
          },
        ]),
    { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" },
  ];
  const time = formatTimestamp(now);
  return own.map((condition) => {
    const known = before.find(({ type }) => type === condition.type);
    const since = known?.status === condition.status ? known.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: time, lastTransitionTime: since ?? time };
  });
}
