import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HyperLogLog } from "./hyper-log-log.ts";

const add = (sketch: HyperLogLog, thing: string): void => {
  const digest = createHash("sha256").update(thing).digest();
  sketch.add(digest.readUInt32BE(0), digest.readUInt32BE(4));
};

const sketchOf = (things: readonly string[]): HyperLogLog => {
  const sketch = new HyperLogLog();
  for (const thing of things) add(sketch, thing);
  return sketch;
};

const named = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `user-${from + i}`);

describe("HyperLogLog", () => {
  test.each([0, 1, 2, 10, 100, 1000])("few things are counted nearly exactly: %i", (n) => {
    expect(Math.abs(sketchOf(named(0, n)).count() - n)).toBeLessThanOrEqual(Math.ceil(n * 0.03));
  });

  test.each([5_000, 20_000, 100_000])("many things within 7 %% (three standard errors): %i", (n) => {
    expect(Math.abs(sketchOf(named(0, n)).count() / n - 1)).toBeLessThan(0.07);
  });

  test("seeing a thing again changes nothing", () => {
    const sketch = sketchOf(["a"]);
    const before = sketch.encode();
    add(sketch, "a");
    expect(sketch.encode()).toBe(before);
  });

  test("what two observers saw together, in whatever order", () =>
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
        const merged = sketchOf(a);
        merged.merge(sketchOf(b));
        expect(merged.encode()).toBe(sketchOf([...b, ...a]).encode());
      }),
      { numRuns: 20 },
    ));

  test("travels as text", () => {
    const sketch = sketchOf(named(0, 50));
    expect(HyperLogLog.decode(sketch.encode())?.count()).toBe(sketch.count());
  });

  test.each(["", "AAAA", "%%%"])("refuses %j", (text) => expect(HyperLogLog.decode(text)).toBeUndefined());
});
