import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  isQuantity,
  parseQuantity,
  quantityOf,
  scaledValue,
  subtractQuantities,
} from "./quantity.ts";

describe("parseQuantity and formatQuantity", () => {
  // [written, printed, units, thousandths]
  test.each([
    ["0", "0", 0n, 0n],
    ["100m", "100m", 1n, 100n],
    ["0.5", "500m", 1n, 500n],
    ["1.5", "1500m", 2n, 1500n],
    ["1.500", "1.500", 2n, 1500n],
    ["1000", "1k", 1000n, 1_000_000n],
    ["1000m", "1", 1n, 1000n],
    ["1024", "1024", 1024n, 1_024_000n],
    ["100Mi", "100Mi", 104_857_600n, 104_857_600_000n],
    ["1024Ki", "1Mi", 1_048_576n, 1_048_576_000n],
    ["1.5Gi", "1536Mi", 1_610_612_736n, 1_610_612_736_000n],
    ["0.5Mi", "512Ki", 524_288n, 524_288_000n],
    ["0.5Ki", "512", 512n, 512_000n],
    ["1.1Ki", "1126400m", 1127n, 1_126_400n],
    ["0.1Ki", "102400m", 103n, 102_400n],
    ["-0.5Gi", "-512Mi", -536_870_912n, -536_870_912_000n],
    ["1e3", "1e3", 1000n, 1_000_000n],
    ["1e4", "10e3", 10_000n, 10_000_000n],
    ["1e-5", "10e-6", 1n, 1n],
    ["2E", "2E", 2_000_000_000_000_000_000n, 2_000_000_000_000_000_000_000n],
    ["+5", "+5", 5n, 5000n],
    ["05", "05", 5n, 5000n],
    ["-0", "0", 0n, 0n],
    ["0.0000000001", "1n", 1n, 1n],
    ["12345678901234567890123", "12345678901234567890123", 12_345_678_901_234_567_890_123n, undefined],
    ["100Ei", "9223372036854775807", 9_223_372_036_854_775_807n, undefined],
    ["5000E", "5000E", 5_000_000_000_000_000_000_000n, undefined],
    ["Mi", "0", 0n, 0n],
  ])("%s is printed %s", (written, printed, units, thousandths) => {
    const quantity = parseQuantity(written);
    expect(formatQuantity(quantity)).toBe(printed);
    expect(scaledValue(quantity)).toBe(units);
    if (thousandths !== undefined) expect(scaledValue(quantity, -3)).toBe(thousandths);
  });

  const WRONG_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  test.each([
    ["", WRONG_FORMAT],
    ["aoeu", WRONG_FORMAT],
    ["1 ", WRONG_FORMAT],
    ["1.1.M", WRONG_FORMAT],
    ["1+1.0M", WRONG_FORMAT],
    ["0.1mi", "unable to parse quantity's suffix"],
    [".5i", "unable to parse quantity's suffix"],
    ["1i", "unable to parse quantity's suffix"],
    ["-3.01e-", "unable to parse quantity's suffix"],
    ["1e999999999", "unable to parse quantity's suffix"],
    ["Ei", "unable to parse numeric part of quantity"],
    ["e-12", "unable to parse numeric part of quantity"],
  ])("refuses %j", (written, message) => {
    expect(() => parseQuantity(written)).toThrow(message);
    expect(isQuantity(written)).toBe(false);
  });
});

describe("arithmetic", () => {
  test.each([
    ["1", "500m", "1500m", "500m"],
    ["1Gi", "512Mi", "1536Mi", "512Mi"],
    ["0", "1Gi", "1Gi", "-1Gi"],
    ["1Gi", "1M", "1074741824", "1072741824"],
    ["1e3", "1", "1001", "999"],
  ])("%s and %s", (a, b, sum, difference) => {
    expect(formatQuantity(addQuantities(parseQuantity(a), parseQuantity(b)))).toBe(sum);
    expect(formatQuantity(subtractQuantities(parseQuantity(a), parseQuantity(b)))).toBe(difference);
  });

  test("compares values, not spellings", () => {
    expect(compareQuantities(parseQuantity("1024Mi"), parseQuantity("1Gi"))).toBe(0);
    expect(compareQuantities(parseQuantity("999m"), parseQuantity("1"))).toBeLessThan(0);
    expect(compareQuantities(quantityOf(-1), parseQuantity("-1500m"))).toBeGreaterThan(0);
  });
});

const quantity = fc
  .tuple(
    fc.constantFrom("", "-"),
    fc.bigInt({ min: 0n, max: 10n ** 16n }),
    fc.constantFrom("", ".5", ".123456"),
    fc.constantFrom("", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "Ti", "e3", "e-3"),
  )
  .map(([sign, digits, fraction, suffix]) => `${sign}${digits}${fraction}${suffix}`);

test("printing and reading again keeps the value and the print", () => {
  fc.assert(
    fc.property(quantity, (text) => {
      const first = parseQuantity(text);
      const second = parseQuantity(formatQuantity(first));
      expect(compareQuantities(first, second)).toBe(0);
      expect(formatQuantity(second)).toBe(formatQuantity(first));
    }),
  );
});

test("taking away what was added gives the first value back", () => {
  fc.assert(
    fc.property(quantity, quantity, (x, y) => {
      const [a, b] = [parseQuantity(x), parseQuantity(y)];
      expect(compareQuantities(subtractQuantities(addQuantities(a, b), b), a)).toBe(0);
    }),
  );
});
