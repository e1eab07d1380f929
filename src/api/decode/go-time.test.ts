import { describe, expect, test } from "vitest";
import { normaliseMicroTime, normaliseTime } from "./go-time.ts";

describe("a time is brought to whole seconds of UTC", () => {
  test.each([
    ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"],
    ["2026-03-01T12:00:00.999999Z", "2026-03-01T12:00:00Z"],
    ["2026-03-01T00:30:00+02:00", "2026-02-28T22:30:00Z"],
    ["1969-12-31T23:59:59.5-00:30", "1970-01-01T00:29:59Z"],
    ["2024-02-29T3:04:05,5Z", "2024-02-29T03:04:05Z"],
  ])("%s", (text, time) => {
    expect(normaliseTime(text)).toBe(time);
  });
});

describe("a micro time has six digits", () => {
  test.each([
    ["2026-03-01T12:00:00.123456Z", "2026-03-01T12:00:00.123456Z"],
    ["2026-03-01T12:00:00.000000+01:00", "2026-03-01T11:00:00.000000Z"],
  ])("%s", (text, time) => {
    expect(normaliseMicroTime(text)).toBe(time);
  });
});

describe("what Go refuses is refused in Go's words", () => {
  test.each([
    ["", 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'],
    ["2026", 'parsing time "2026" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "-"'],
    ["2026-13-01T00:00:00Z", 'parsing time "2026-13-01T00:00:00Z": month out of range'],
    ["2026-02-29T00:00:00Z", 'parsing time "2026-02-29T00:00:00Z": day out of range'],
    ["2026-02-01T24:00:00Z", 'parsing time "2026-02-01T24:00:00Z": hour out of range'],
    [
      "2026-02-01 00:00:00Z",
      'parsing time "2026-02-01 00:00:00Z" as "2006-01-02T15:04:05Z07:00": cannot parse " 00:00:00Z" as "T"',
    ],
    [
      "2026-02-01T00:00:00",
      'parsing time "2026-02-01T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"',
    ],
    ["2026-02-01T00:00:00Zx", 'parsing time "2026-02-01T00:00:00Zx": extra text: "x"'],
  ])("%s", (text, message) => {
    expect(() => normaliseTime(text)).toThrow(message);
  });

  test("a micro time without its six digits", () => {
    expect(() => normaliseMicroTime("2026-02-01T00:00:00Z")).toThrow('cannot parse "Z" as ".000000"');
  });
});
