import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addRequests, guardTest } from "./rate-test.ts";
import { ratioInterval } from "./ratio-interval.ts";
import { addEvents, notWorseTest, worseTest } from "./ratio-test.ts";
import { openingStakes, openSlot, type Stakes, valueOf } from "./stakes.ts";
import { upperRate } from "./upper-rate.ts";

interface Step {
  readonly slot?: boolean;
  readonly w?: number;
  readonly new?: number;
  readonly old?: number;
  readonly n?: number;
  readonly bad?: number;
}
interface Case {
  readonly name: string;
  readonly kind: "ratio" | "not-worse" | "rate";
  readonly r0?: number;
  readonly r1?: number;
  readonly p0?: number;
  readonly steps: readonly Step[];
  readonly E: readonly number[];
  readonly interval95?: readonly [number, number | null];
}
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../test/testdata/evidence-vectors.json"), "utf8"),
) as {
  readonly cases: readonly Case[];
  readonly upperRate: readonly { n: number; bad: number; alpha: number; value: number }[];
  readonly failuresThatEndARelease: readonly { w: number; failures: number }[];
};

const close = (actual: number, expected: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.abs(expected));

describe("the reference's event files", () => {
  test.each(vectors.cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
    const values: number[] = [];
    const walk = (opening: Stakes, step: (stakes: Stakes, s: Step) => Stakes): void => {
      let stakes = opening;
      for (const s of c.steps) {
        stakes = step(stakes, s);
        values.push(valueOf(stakes));
      }
    };
    if (c.kind === "rate") {
      const guard = guardTest(c.p0 ?? 0);
      walk(openingStakes(guard), (x, s) => (s.slot ? openSlot(guard, x) : addRequests(guard, x, s.n ?? 0, s.bad ?? 0)));
    } else {
      const ratio = c.kind === "ratio" ? worseTest(c.r0) : notWorseTest(c.r1);
      walk(openingStakes(ratio), (x, s) =>
        s.slot ? openSlot(ratio, x) : addEvents(ratio, x, s.w ?? 0, s.new ?? 0, s.old ?? 0),
      );
    }
    expect(values).toHaveLength(c.E.length);
    for (const [i, e] of c.E.entries()) close(values[i] ?? Number.NaN, e);
  });

  test.each(vectors.cases.filter((c) => c.interval95).map((c) => [c.name, c] as const))("range of %s", (_, c) => {
    const counts = c.steps.flatMap((s) => (s.slot ? [] : [{ w: s.w ?? 0, new: s.new ?? 0, old: s.old ?? 0 }]));
    const { low, high } = ratioInterval(counts);
    close(low, c.interval95?.[0] ?? Number.NaN);
    if (c.interval95?.[1] === null) expect(high).toBe(Infinity);
    else close(high, c.interval95?.[1] ?? Number.NaN);
  });

  test.each(vectors.upperRate)("upper rate of $bad in $n", ({ n, bad, alpha, value }) =>
    close(upperRate(n, bad, alpha), value),
  );

  test.each(vectors.failuresThatEndARelease)("$failures failures at $w end a release", ({ w, failures }) => {
    const ratio = worseTest();
    const half = (k: number): number => 0.5 * valueOf(addEvents(ratio, openingStakes(ratio), w, k, 0));
    expect(half(failures)).toBeGreaterThanOrEqual(100);
    expect(half(failures - 1)).toBeLessThan(100);
  });
});
