import type { ReleasePolicy } from "../../../api/generated/sluice-dev.ts";
import { formatTimestamp } from "../../../lib/timestamp.ts";
import { open } from "../../gate/gate.ts";
import { hashOf } from "../../gate/released-set.ts";
import { TEMPLATE_HASH_LABEL } from "../../pods/pod-template.ts";
import type { Draft } from "../draft.ts";
import { revertReceipt, supersededReceipt, versionsOf } from "../receipts.ts";
import { rulesInForce } from "../routing.ts";
import { currentHash, type Situation } from "../situation.ts";
import { keepSplit, weightNow } from "../weights.ts";

/** A worker that does not answer for so long is not waited for any more; its lease is over by then. */
const PATIENCE_MS = 5000;
/** Requests in flight on pods that go may still end, and count; after this the receipt is closed. */
const SETTLE_MS = 10_000;

/** Weight 0 first. True when it is in force on every worker, or nobody can say so any more. */
function usersAreBack(s: Situation, d: Draft, policy: ReleasePolicy, why: string): boolean {
  if (s.split === undefined) return true;
  const had = weightNow(s);
  const written = keepSplit(s, d, policy, { w: 0, session: d.session, testers: false }, why);
  if (d.progress.zeroTime === undefined) {
    d.note({ zeroTime: d.now });
    d.decide("weight 0 %", why, 0);
  }
  const { new: fresh, old } = versionsOf(d);
  d.set({
    message: had > 0 ? `taking users back from ${fresh} to ${old}` : `waiting for the mesh to have 0 % in force`,
  });
  if (!written) return false;
  if (rulesInForce(s)) return true;
  const until = (d.progress.zeroTime ?? d.now) + PATIENCE_MS;
  d.wake(until);
  return d.now >= until;
}

/** Weight 0, then the old template and the user's values in one write, then the receipt. */
export function reverting(s: Situation, d: Draft, policy: ReleasePolicy): void {
  const { why = "" } = d.progress;
  if (!usersAreBack(s, d, policy, why)) return;
  if (s.shut && currentHash(s) === d.release.spec.templateHash) {
    putBack(s, d);
    return;
  }
  const pods = s.fresh?.status?.replicas ?? 0;
  const until = (d.progress.zeroTime ?? d.now) + SETTLE_MS;
  if (pods > 0 && d.now < until) {
    d.wake(until);
    d.set({ message: `users are on ${versionsOf(d).old}; ${pods} of the new pods are still ending` });
    return;
  }
  end(d, {
    phase: "Reverted",
    reason: "ReleaseReverted",
    receipt: revertReceipt(s, d),
    why: "users are on the old version, and its template is back",
    now: `everyone is on ${versionsOf(d).old}`,
  });
}

function putBack(s: Situation, d: Draft): void {
  const { old } = versionsOf(d);
  const template = s.stable?.spec.template;
  if (!template || !s.gate) {
    d.set({ message: `users are on ${old}, but its ReplicaSet is gone: apply its manifest to end this release` });
    return;
  }
  const { [TEMPLATE_HASH_LABEL]: _, ...labels } = template.metadata?.labels ?? {};
  const released = { ...template, metadata: { ...template.metadata, labels } };
  d.act({
    kind: "updateDeployment",
    object: open({ ...s.deployment, spec: { ...s.deployment.spec, template: released } }, s.gate.user),
    why: `back to the template of ${old}, with the user's own values`,
  });
  d.set({ message: `users are on ${old}; its template is put back` });
}

/** Another template came: weight 0 first, then the newer release may start. */
export function superseding(s: Situation, d: Draft, policy: ReleasePolicy): void {
  const why = "another template came";
  if (!usersAreBack(s, d, policy, why)) return;
  const now = `${why}; everyone is on ${versionsOf(d).old}`;
  end(d, { phase: "Superseded", reason: "ReleaseSuperseded", receipt: supersededReceipt(s, d), why, now });
}

export interface Ending {
  readonly phase: "Reverted" | "Superseded" | "Succeeded";
  /** Reason of the event. */
  readonly reason: string;
  readonly receipt: string;
  readonly why: string;
  /** How things are from now on, in a few words. */
  readonly now: string;
}

export function end(d: Draft, { phase, reason, receipt, why, now }: Ending): void {
  d.set({ phase, receipt, message: now, endTime: formatTimestamp(d.now) });
  d.drop("held");
  d.decide(phase, why);
  const asked = d.progress.cause === "Undone" || d.progress.cause === "Aborted";
  d.tell(reason, receipt, phase === "Reverted" && !asked ? "Warning" : "Normal");
}

/** Whether the present template is the released one: somebody has undone the release. */
export function isUndone(s: Situation): boolean {
  return s.stable !== undefined && s.current !== undefined && hashOf(s.stable) === hashOf(s.current);
}
