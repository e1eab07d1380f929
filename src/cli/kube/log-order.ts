import type { Pod } from "../../api/generated/core-v1.ts";
import { isReady, readySince } from "../../plan/pods/readiness.ts";

/**
 * Which pod of several is the most telling one to read the log of: one with a node, then one that is further on, that is ready, ready
 * for longer, restarted more often, older. As kubectl's ByLogging.
 */
export function byLogging(a: Pod, b: Pod): number {
  return (
    Number(!a.spec.nodeName) - Number(!b.spec.nodeName) ||
    phaseRank(a) - phaseRank(b) ||
    Number(isReady(b)) - Number(isReady(a)) ||
    (readySince(a) ?? NEVER) - (readySince(b) ?? NEVER) ||
    restarts(b) - restarts(a) ||
    (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1)
  );
}

/** Later than every time. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** Whatever has run comes first. */
const RANKS: Readonly<Record<string, number>> = { Unknown: 1, Pending: 2 };
const phaseRank = ({ status }: Pod): number => RANKS[status?.phase ?? ""] ?? 0;
const restarts = ({ status }: Pod): number =>
  Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
