import { expect, test } from "vitest";
import { parseStat } from "./proc-stat.ts";

const fields = "1 2 3 0 -1 4194304 5 0 0 0 0 0 0 0 20 0 1 0 295567 2654208 136";

test.each([
  ["12 (sh) R ", { pid: 12, startTicks: 295567, hasEnded: false }],
  ["12 (a b) c) S ", { pid: 12, startTicks: 295567, hasEnded: false }],
  ["12 (sh) Z ", { pid: 12, startTicks: 295567, hasEnded: true }],
])("reads %j", (head, want) => expect(parseStat(head + fields)).toEqual(want));

test.each(["", "12", "12 (sh) R 1", "x (sh) R"])("does not read %j", (line) => expect(parseStat(line)).toBeUndefined());
