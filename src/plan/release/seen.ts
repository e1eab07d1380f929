import { durationText } from "../../lib/duration.ts";
import { grouped } from "../../lib/number-text.ts";
import type { Draft } from "./draft.ts";
import type { EvidenceFinding } from "./findings.ts";
import type { Situation } from "./situation.ts";
import { weightText } from "./weights.ts";

/** `at 5 %: 312 of about 600 requests seen, nothing wrong`; `needed` is ` of about 600` or empty. */
export function seenAt(s: Situation, w: number, needed = ""): string {
  const { new: fresh, evidence } = s.view.findings;
  const wrong = fresh.failures === 0 ? "nothing wrong" : `${grouped(fresh.failures)} failed, ${evidenceText(evidence)}`;
  const requests = fresh.requests === 1 && needed === "" ? "request" : "requests";
  return `at ${weightText(w)}: ${grouped(fresh.requests)}${needed} ${requests} seen, ${wrong}`;
}

/** `evidence that it is worse 1:7 (limit 1:100)`. */
export function evidenceText({ odds, limit }: Pick<EvidenceFinding, "odds" | "limit">): string {
  return odds === "none" ? "no evidence that it is worse" : `evidence that it is worse ${odds} (limit 1:${limit})`;
}

/** How long until a time, for messages; never negative. */
export function until(d: Draft, time: number): string {
  return durationText(Math.max(0, time - d.now));
}
