import type { Trip } from "../api/generated/sluice-dev.ts";
import { tripLimits } from "../evidence/trip-limits.ts";
import type { SessionLedger } from "./session-ledger.ts";

type Since = NonNullable<Trip["spec"]["since"]>[number];

/** The limits at weight `w`, and the failures that they contain already, by run of a worker and endpoint. */
export function tripSpec(ledger: SessionLedger, backend: string, w: number): Trip["spec"] {
  return {
    session: ledger.session,
    backend,
    since: ledger.epochs.flatMap(({ epoch, failures }) => sinceOf(epoch, failures)),
    limits: tripLimits(ledger.evidence, w),
  };
}

/** Summed over weights: the workers count by endpoint. */
function sinceOf(epoch: string, failures: SessionLedger["epochs"][number]["failures"]): readonly Since[] {
  const byEndpoint = new Map<string, Since>();
  for (const { endpoint, new: fresh, old } of failures) {
    const sum = byEndpoint.get(endpoint);
    byEndpoint.set(endpoint, { epoch, endpoint, new: (sum?.new ?? 0) + fresh, old: (sum?.old ?? 0) + old });
  }
  return [...byEndpoint.values()];
}
