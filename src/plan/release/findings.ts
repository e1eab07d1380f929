/** What the counts of a session say, prepared by src/evidence for the planner, who only decides. */
export interface Findings {
  /** Requests per second to both versions, and for how many milliseconds they have been measured. */
  readonly rate: number;
  readonly measured: number;
  readonly new: VersionCounts;
  readonly old: VersionCounts;
  readonly evidence: EvidenceFinding;
  /** Whether the limits of the two other tests are reached: the traffic is not split as asked; the service burns its budget. */
  readonly splitBroken: boolean;
  readonly burning: boolean;
  readonly advice: Advice;
  readonly words: Words;
  /** Present when the mesh has shut the gate of this session by itself. */
  readonly trip?: TripFinding;
}

export interface VersionCounts {
  readonly requests: number;
  readonly failures: number;
  /** Failures that the old version answered after all. */
  readonly retried: number;
  readonly users: number;
  readonly usersHit: number;
}

export interface EvidenceFinding {
  /** E: the odds against "no worse" are 1 : E. */
  readonly value: number;
  readonly odds: string;
  readonly limit: number;
  /** At or above the limit. */
  readonly reached: boolean;
  /** Too much for the weight to grow. */
  readonly freezes: boolean;
  /** How many times as often the new version fails, at least and (unless absent) at most. */
  readonly interval: readonly number[];
  /** Upper bound of the new version's failure share. */
  readonly upper: number;
  readonly endpoint?: string;
}

export interface Advice {
  /** Weights are shares. */
  readonly first: number;
  readonly next: number;
  readonly cap: number;
  readonly affordable: boolean;
  readonly ruledOut: boolean;
  /** Excess failures that cannot be ruled out, as a share. */
  readonly excess: number;
  readonly requestsForNext: number;
  readonly requestsForAll: number;
}

/** Sentences of src/evidence/sentences.ts about the session. */
export interface Words {
  readonly accusation: string;
  readonly clearance: string;
  /** That the service burns its failure budget, in numbers. */
  readonly damage: string;
  readonly littleSeen: string;
  readonly planning: string;
  /** The excess of `advice`: `0.30 points`. */
  readonly excess: string;
}

export interface TripFinding {
  readonly by: string;
  readonly time: string;
  readonly endpoint?: string;
  /** When the last request was sent to the new version. */
  readonly lastRequest?: string;
}

const NOBODY: VersionCounts = { requests: 0, failures: 0, retried: 0, users: 0, usersHit: 0 };

/** Before anything has been counted. */
export const NO_FINDINGS: Findings = {
  rate: 0,
  measured: 0,
  new: NOBODY,
  old: NOBODY,
  evidence: { value: 1, odds: "none", limit: 100, reached: false, freezes: false, interval: [0], upper: 1 },
  splitBroken: false,
  burning: false,
  advice: {
    first: 0.2,
    next: 0.2,
    cap: 0.25,
    affordable: false,
    ruledOut: false,
    excess: 1,
    requestsForNext: 0,
    requestsForAll: 0,
  },
  words: { accusation: "", clearance: "", damage: "", littleSeen: "", planning: "", excess: "100 points" },
};
