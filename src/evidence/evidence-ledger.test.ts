import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../test/support/seeded-random.ts";
import {
  addToLedger,
  type EvidenceLedger,
  evidenceOf,
  type FailureCount,
  guardEvidence,
  type Happened,
  LIMIT,
  openLedger,
  restartGuard,
  SLOT_MS,
  SPLIT_LIMIT,
  splitEvidence,
  suspectOf,
} from "./evidence-ledger.ts";

const failure = (w: number, endpoint: string, fresh: number, old: number): FailureCount => ({
  w,
  endpoint,
  new: fresh,
  old,
  rescued: 0,
});
const failed = (...failures: FailureCount[]): Happened => ({ requests: [], drawn: [], failures });
const after = (ledger: EvidenceLedger, ...failures: FailureCount[]): number =>
  evidenceOf(addToLedger(ledger, failed(...failures), 0));

const aFailure: fc.Arbitrary<FailureCount> = fc.record({
  w: fc.constantFrom(0.001, 0.01, 0.05, 0.25, 0.5),
  endpoint: fc.constantFrom("GET /a", "GET /b", "POST /c", "other"),
  new: fc.nat(3),
  old: fc.nat(3),
  rescued: fc.constant(0),
});
const tick: fc.Arbitrary<Happened> = fc.record({
  requests: fc.array(fc.record({ w: fc.constantFrom(0.01, 0.25), new: fc.nat(30), old: fc.nat(300) }), {
    maxLength: 3,
  }),
  drawn: fc.array(fc.record({ w: fc.constantFrom(0.01, 0.25), new: fc.nat(30), old: fc.nat(300) }), { maxLength: 3 }),
  failures: fc.array(aFailure, { maxLength: 4 }),
});
const close = (a: number, b: number): void => expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.abs(b));

describe("evidence of a release", () => {
  test("starts at 1 and stays there while nothing fails", () => {
    expect(evidenceOf(openLedger())).toBe(1);
    const quiet: Happened = { requests: [{ w: 0.05, new: 50, old: 950 }], drawn: [], failures: [] };
    close(evidenceOf(addToLedger(openLedger(), quiet, 30 * SLOT_MS)), 1);
  });

  test.each([
    [0.01, 2],
    [0.05, 3],
    [0.1, 4],
    [0.25, 6],
    [0.5, 10],
  ])("at weight %d it takes %d failures, wherever they fall, when the old version has none", (w, needed) => {
    const spread = (n: number): FailureCount[] => Array.from({ length: n }, (_, i) => failure(w, `GET /${i}`, 1, 0));
    expect(after(openLedger(), ...spread(needed))).toBeGreaterThanOrEqual(LIMIT);
    expect(after(openLedger(), ...spread(needed - 1))).toBeLessThan(LIMIT);
    expect(after(openLedger(), failure(w, "GET /", needed, 0))).toBeGreaterThanOrEqual(LIMIT);
  });

  test("one dead endpoint among failing others is found by its own stake", () => {
    let ledger = openLedger();
    for (let i = 0; i < 12; i++) {
      const noise = failure(0.05, "GET /noisy", 0, 8);
      ledger = addToLedger(ledger, failed(noise, failure(0.05, "POST /cart", 1, 0)), i * 1000);
    }
    expect(evidenceOf(ledger)).toBeGreaterThan(LIMIT);
    expect(suspectOf(ledger)).toMatchObject({ endpoint: "POST /cart", new: 12, old: 0 });
  });

  test("outcomes at weight 0 and 100 % say nothing about a difference", () => {
    expect(after(openLedger(), failure(0, "GET /", 0, 9), failure(1, "GET /", 9, 0))).toBe(1);
  });

  test("a failure of new never speaks for it, one of old never against it", () => {
    fc.assert(
      fc.property(fc.array(tick, { maxLength: 8 }), aFailure, (ticks, more) => {
        const ledger = ticks.reduce((l, t, i) => addToLedger(l, t, i * SLOT_MS), openLedger());
        const now = ticks.length * SLOT_MS;
        const known = ledger.endpoints[0]?.endpoint ?? more.endpoint;
        const base = evidenceOf(addToLedger(ledger, failed(), now));
        const slack = 1e-9 * base;
        expect(evidenceOf(addToLedger(ledger, failed(failure(more.w, known, 1, 0)), now))).toBeGreaterThanOrEqual(
          base - slack,
        );
        expect(evidenceOf(addToLedger(ledger, failed(failure(more.w, known, 0, 1)), now))).toBeLessThanOrEqual(
          base + slack,
        );
      }),
    );
  });

  test("the order of what happened between two looks does not matter", () => {
    fc.assert(
      fc.property(tick, fc.integer(), (happened, seed) => {
        const random = seededRandom(seed);
        const shuffled = happened.failures.map((f) => ({ f, at: random.next() })).sort((a, b) => a.at - b.at);
        const other = { ...happened, failures: shuffled.map(({ f }) => f) };
        const one = addToLedger(openLedger(), happened, 0);
        const two = addToLedger(openLedger(), other, 0);
        close(evidenceOf(two), evidenceOf(one));
        expect(two.endpoints.map((e) => e.endpoint)).toEqual(one.endpoints.map((e) => e.endpoint));
      }),
    );
  });

  test("written down and read again, it goes on as if never interrupted", () => {
    fc.assert(
      fc.property(fc.array(tick, { minLength: 1, maxLength: 10 }), (ticks) => {
        let live = openLedger();
        let resumed = openLedger();
        for (const [i, t] of ticks.entries()) {
          live = addToLedger(live, t, i * 20_000);
          resumed = JSON.parse(JSON.stringify(addToLedger(resumed, t, i * 20_000))) as EvidenceLedger;
        }
        expect(resumed).toEqual(live);
      }),
    );
  });

  test("is in one look what it is in many, as long as no slot opens between", () => {
    fc.assert(
      fc.property(fc.array(aFailure, { minLength: 1, maxLength: 12 }), (failures) => {
        const first = [...new Set(failures.map((f) => f.endpoint))].sort();
        const primed = failed(...first.map((endpoint) => failure(0.05, endpoint, 0, 0)));
        const start = addToLedger(openLedger(), primed, 0);
        const many = failures.reduce((l, f) => addToLedger(l, failed(f), 0), start);
        close(evidenceOf(addToLedger(start, failed(...failures), 0)), evidenceOf(many));
      }),
    );
  });

  test("a version that turns bad late costs few more failures than one that is bad from the start", () => {
    let ledger = openLedger();
    for (let second = 0; second < 1200; second += 10)
      ledger = addToLedger(ledger, failed(failure(0.25, "GET /", 2, 6)), second * 1000);
    let bad = 0;
    while (evidenceOf(ledger) < LIMIT) {
      bad++;
      ledger = addToLedger(ledger, failed(failure(0.25, "GET /", 1, 0)), 1_200_000);
    }
    expect(bad).toBeLessThanOrEqual(12);
  });
});

describe("false alarms", () => {
  test("stay under 1 % in releases of a version as good as the old one, whatever the weights do", () => {
    const random = seededRandom(20260101);
    const runs = 1500;
    let alarms = 0;
    for (let run = 0; run < runs; run++) {
      let ledger = openLedger();
      let highest = 0;
      const base = [0.002, 0.01, 0.05][run % 3] ?? 0.01;
      for (let second = 0; second < 120 && highest < LIMIT; second++) {
        const w = second < 40 ? 0.02 : second < 80 ? 0.1 : 0.5;
        // An incident in the middle hits both versions alike.
        const p = second >= 50 && second < 60 ? 0.3 : base;
        const failures: FailureCount[] = [];
        for (let i = 0; i < 20; i++) {
          if (random.next() >= p) continue;
          const isNew = random.next() < w;
          failures.push(failure(w, `GET /${Math.floor(random.next() * 4)}`, isNew ? 1 : 0, isNew ? 0 : 1));
        }
        if (failures.length > 0 || second % 60 === 0) ledger = addToLedger(ledger, failed(...failures), second * 1000);
        highest = Math.max(highest, evidenceOf(ledger));
      }
      if (highest >= LIMIT) alarms++;
    }
    expect(alarms / runs).toBeLessThanOrEqual(0.01);
  });
});

describe("split check", () => {
  test.each([
    [0.1, 600],
    [0.06, 12_000],
  ])("sees a share of %d, where 0.05 was asked for, within %d requests", (share, within) => {
    let ledger = openLedger();
    for (let done = 0; done < within; done += 100) {
      const fresh = Math.round(100 * share);
      ledger = addToLedger(
        ledger,
        { requests: [], drawn: [{ w: 0.05, new: fresh, old: 100 - fresh }], failures: [] },
        0,
      );
    }
    expect(splitEvidence(ledger)).toBeGreaterThan(SPLIT_LIMIT);
  });

  test("finds too little traffic as well, and nothing in a true split", () => {
    const of = (fresh: number, old: number): number =>
      splitEvidence(
        addToLedger(openLedger(), { requests: [], drawn: [{ w: 0.05, new: fresh, old }], failures: [] }, 0),
      );
    expect(of(50, 1950)).toBeGreaterThan(SPLIT_LIMIT);
    expect(of(1000, 19_000)).toBeLessThan(1);
  });
});

describe("absolute guard", () => {
  const burning: Happened = {
    requests: [{ w: 0.05, new: 5, old: 95 }],
    drawn: [],
    failures: [failure(0.05, "GET /", 0, 3)],
  };

  test("sees damage that hits both versions, which says nothing about the new one", () => {
    let ledger = openLedger(0.01);
    for (let second = 0; second < 12; second++) ledger = addToLedger(ledger, burning, second * 1000);
    expect(guardEvidence(ledger)).toBeGreaterThan(400);
    expect(evidenceOf(ledger)).toBeLessThan(1);
  });

  test("starts anew with another tolerance", () => {
    const ledger = restartGuard(addToLedger(openLedger(0.01), burning, 0), 0.05);
    expect(guardEvidence(ledger)).toBe(1);
    expect(guardEvidence(addToLedger(ledger, burning, 0))).toBeLessThan(1);
  });

  test("does not count failures that users never saw", () => {
    const rescued = { ...burning, failures: [{ ...failure(0.05, "GET /", 3, 0), rescued: 3 }] };
    const alone = { ...burning, failures: [{ ...failure(1, "GET /", 3, 0), rescued: 3 }] };
    expect(guardEvidence(addToLedger(openLedger(0.01), rescued, 0))).toBeLessThan(1);
    expect(guardEvidence(addToLedger(openLedger(0.01), alone, 0))).toBeGreaterThan(1);
  });
});
