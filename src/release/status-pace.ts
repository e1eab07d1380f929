import type { Release } from "../api/generated/sluice-dev.ts";
import { type JsonValue, jsonEqual } from "../lib/json.ts";

type Status = NonNullable<Release["status"]>;

/** Counts move with every request; written at most this often. */
export const PACE_MS = 1000;

/** When a status is to be written: at once when something was decided, at a steady pace when only counts have moved, never when it is the same. */
export type Pace = "now" | "later" | "never";

export function paceOf(written: Status | undefined, next: Status, sinceLastWrite: number): Pace {
  if (same(written, next)) return "never";
  if (!same(decided(written), decided(next))) return "now";
  return sinceLastWrite >= PACE_MS ? "now" : "later";
}

/** The status without what moves by itself. */
function decided(status: Status | undefined): unknown {
  if (!status) return null;
  const { new: _new, old: _old, evidence: _evidence, ledger: _ledger, message: _message, ...others } = status;
  return others;
}

function same(a: unknown, b: unknown): boolean {
  return jsonEqual(plain(a), plain(b));
}

/** As the API stores it: members that are undefined are absent. */
function plain(value: unknown): JsonValue {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as JsonValue);
}
