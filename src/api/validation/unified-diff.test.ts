import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unifiedDiff } from "./unified-diff.ts";

const lines = (text: string): string[] => text.split(" ");

describe("a unified diff", () => {
  test.each([
    ["of the same lines is empty", "a b c", "a b c", ""],
    ["of one changed line", "a b c", "a x c", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"],
    [
      "has three lines of context",
      "1 2 3 4 5 6 7 8 9",
      "1 2 3 4 x 6 7 8 9",
      "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n",
    ],
    ["of an added line at the end", "a", "a b", "@@ -1 +1,2 @@\n a\n+b\n"],
    [
      "has changes that are far apart in hunks of their own",
      "x 1 2 3 4 5 6 7 y",
      "X 1 2 3 4 5 6 7 Y",
      "@@ -1,4 +1,4 @@\n-x\n+X\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-y\n+Y\n",
    ],
  ])("%s", (_, before, after, expected) => {
    expect(unifiedDiff(lines(before), lines(after))).toBe(expected);
  });

  test("lines that are everywhere in a long text do not begin a common run", () => {
    // Each "}" is one of more than a hundredth of the lines.
    const text = Array.from({ length: 250 }, (_, i) => (i % 5 === 0 ? "}" : `line ${i}`));
    const changed = text.with(100, "{");
    expect(unifiedDiff(text, changed)).toBe(
      "@@ -98,7 +98,7 @@\n line 97\n line 98\n line 99\n-}\n+{\n line 101\n line 102\n line 103\n",
    );
  });

  test("says what to take away and what to add", () => {
    const word = fc.constantFrom("a", "b", "c", "d");
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), fc.array(word, { maxLength: 30 }), (before, after) => {
        expect(applied(before, unifiedDiff(before, after))).toEqual(after);
      }),
    );
  });
});

/** What patch(1) makes of the lines. */
function applied(before: readonly string[], diff: string): string[] {
  const result: string[] = [];
  let at = 0;
  for (const line of diff.split("\n").slice(0, -1)) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (hunk) {
      const start = Number(hunk[1]) - (hunk[2] === "0" ? 0 : 1);
      result.push(...before.slice(at, start));
      at = start;
    } else if (line.startsWith("+")) result.push(line.slice(1));
    else {
      expect(before[at]).toBe(line.slice(1));
      if (line.startsWith(" ")) result.push(line.slice(1));
      at++;
    }
  }
  return [...result, ...before.slice(at)];
}
