import { expect, test } from "vitest";
import type { Filter, HeaderFilter } from "../../plan/routing/snapshot.ts";
import { headerEdits } from "./header-edits.ts";

const filter = (change: Partial<HeaderFilter>): Filter => ({
  type: "requestHeaders",
  set: [],
  add: [],
  remove: [],
  ...change,
});
const line = (name: string, value: string) => ({ name, value });

const cases: readonly [string, readonly Filter[], { drop: readonly string[]; lines: string } | undefined][] = [
  ["nothing", [], undefined],
  ["only of the other kind", [{ ...filter({ remove: ["a"] }), type: "responseHeaders" } as Filter], undefined],
  ["set drops what there is", [filter({ set: [line("X-A", "1")] })], { drop: ["x-a"], lines: "X-A: 1\r\n" }],
  ["add leaves it", [filter({ add: [line("X-A", "1")] })], { drop: [], lines: "X-A: 1\r\n" }],
  ["remove", [filter({ remove: ["x-a"] })], { drop: ["x-a"], lines: "" }],
  [
    "a later filter sees what an earlier one did",
    [filter({ add: [line("X-A", "1")] }), filter({ remove: ["x-a"] })],
    { drop: ["x-a"], lines: "" },
  ],
  [
    "a later set wins",
    [filter({ set: [line("X-A", "1")] }), filter({ set: [line("x-a", "2")] })],
    { drop: ["x-a"], lines: "x-a: 2\r\n" },
  ],
  [
    "framing cannot be touched",
    [
      filter({
        set: [line("Content-Length", "1"), line("Connection", "x")],
        add: [line("Transfer-Encoding", "x")],
        remove: ["upgrade", "te"],
      }),
    ],
    undefined,
  ],
];
test.each(cases)("%s", (_, filters, want) => {
  const edits = headerEdits(filters, "requestHeaders");
  expect(edits && { drop: [...edits.drop], lines: edits.lines }).toEqual(want);
});
