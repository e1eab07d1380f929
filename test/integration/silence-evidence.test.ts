import { describe, expect, test } from "vitest";
import { addToLedger, evidenceOf, LIMIT, openLedger } from "../../src/evidence/evidence-ledger.ts";
import type { Random } from "../../src/lib/random.ts";
import { Account } from "../../src/mesh/session/account.ts";
import { Ledger, type Tally } from "../../src/mesh/session/ledger.ts";
import { seededRandom } from "../support/seeded-random.ts";

/**
 * What silence does to the evidence: releases of thousands of requests whose clients have little patience, counted by the mesh's own
 * accounts and judged by the release's own evidence.
 */
const REQUESTS = 6_000;
const SECOND = 100;
const W = 0.05;

interface World {
  /** Milliseconds until a version begins to answer; Infinity: it hangs. */
  answer(random: Random, version: "new" | "old"): number;
  /** Milliseconds after which a client goes away. */
  patience(random: Random): number;
}

interface Outcome {
  readonly reverted: boolean;
  /** Failures of each version until then. */
  readonly new: number;
  readonly old: number;
  readonly requests: number;
}

function release(world: World, random: Random): Outcome {
  const ledger = new Ledger();
  const tallies = { new: ledger.tally("s", "r", "new", W), old: ledger.tally("s", "r", "old", W) };
  const failed = { new: 0, old: 0 };
  let fresh = { new: 0, old: 0 };
  const books = {
    ledger,
    gatekeeper: {
      failed: (_session: string, _endpoint: string, version: "new" | "old") => {
        failed[version]++;
        fresh[version]++;
      },
    },
    counted: () => undefined,
  };
  let evidence = openLedger();
  for (let i = 1; i <= REQUESTS; i++) {
    const version = random.next() < W ? "new" : "old";
    carryOut(world, random, version, books, tallies[version]);
    if (i % SECOND !== 0) continue;
    const failures = [{ w: W, endpoint: "GET /", ...fresh, rescued: 0 }];
    evidence = addToLedger(evidence, { requests: [], drawn: [], failures }, i * 10);
    fresh = { new: 0, old: 0 };
    if (evidenceOf(evidence) >= LIMIT) return { reverted: true, ...failed, requests: i };
  }
  return { reverted: false, ...failed, requests: REQUESTS };
}

/** One request, as an exchange tells its account of it. */
function carryOut(
  world: World,
  random: Random,
  version: "new" | "old",
  books: ConstructorParameters<typeof Account>[0],
  tally: Tally,
): void {
  const account = new Account(books, tally, version, { method: "GET", target: "/", user: "0123456789abcdef" });
  account.heard(0, true);
  const [answer, patience] = [world.answer(random, version), world.patience(random)];
  if (account.overdueAt < Math.min(answer, patience)) account.overdue(false);
  if (patience < answer) return account.gaveUp(patience);
  account.answerBegan(answer);
  account.close(false);
}

/** About 20 ms, seldom ten times as much. */
const usual = (random: Random): number => 20 * Math.exp(2 * (random.next() + random.next() + random.next() - 1.5));
const releases = (world: World, count: number): readonly Outcome[] => {
  const random = seededRandom(7);
  return Array.from({ length: count }, () => release(world, random));
};

describe("versions that are alike", () => {
  /** With the share of requests that may count; 5 % take more than 100 ms. */
  const clients: readonly [string, World["patience"], number][] = [
    ["clients that wait for ever", () => Number.POSITIVE_INFINITY, 0.001],
    ["one client in three goes away within 50 ms", (r) => (r.next() < 0.33 ? 50 * r.next() : 10_000), 0.01],
    ["all clients go away after 100 ms", () => 100, 0.06],
    ["clients that go away at any time", (r) => 400 * r.next(), 0.01],
  ];
  test.each(clients)("%s: hardly a release is reverted, and hardly a request counts", (_, patience, share) => {
    const outcomes = releases({ answer: usual, patience }, 100);
    expect(outcomes.filter(({ reverted }) => reverted).length).toBeLessThanOrEqual(1);
    for (const { new: fresh, old, requests } of outcomes) expect((fresh + old) / requests).toBeLessThan(share);
  });
});

describe("a new version that hangs now and then", () => {
  const clients: readonly [string, World["patience"]][] = [
    ["clients that wait for ever", () => Number.POSITIVE_INFINITY],
    ["clients that go away after half a second", () => 500],
    ["clients that go away at any time", (r) => 400 * r.next()],
  ];
  test.each(clients)("%s: it is always reverted, by few failures", (_, patience) => {
    const answer: World["answer"] = (random, version) =>
      version === "new" && random.next() < 0.2 ? Number.POSITIVE_INFINITY : usual(random);
    for (const { reverted, new: fresh } of releases({ answer, patience }, 50)) {
      expect(reverted).toBe(true);
      expect(fresh).toBeLessThan(20);
    }
  });
});
