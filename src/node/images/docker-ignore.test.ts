import { expect, test } from "vitest";
import { parseDockerignore } from "./docker-ignore.ts";
import { patternExpression } from "./file-pattern.ts";

test.each<[string, readonly string[], readonly string[]]>([
  ["node_modules", ["node_modules", "node_modules/a/b.js"], ["src/node_modules", "node_modules2"]],
  ["**/node_modules", ["node_modules", "a/b/node_modules/c"], ["a/node_modules2"]],
  ["*.log", ["x.log"], ["a/x.log", "x.log2"]],
  ["**/*.log", ["x.log", "a/b/x.log"], ["x.txt"]],
  ["/dist/", ["dist", "dist/x"], ["a/dist"]],
  ["*\n!README.md", ["a", "b/c"], ["README.md"]],
  ["docs\n!docs/keep\ndocs/keep/secret", ["docs/a", "docs/keep/secret"], ["docs/keep/x"]],
  ["# comment\n\n  a  ", ["a"], ["# comment"]],
  ["a?c/[x-z]", ["abc/y"], ["abc/w", "abbc/y"]],
  ["./x/../y", ["y"], ["x"]],
  ["*", [".git", "a/b"], []],
])("%j", (source, ignored, kept) => {
  const rules = parseDockerignore(source);
  expect(ignored.filter((path) => !rules.ignores(path))).toEqual([]);
  expect(kept.filter((path) => rules.ignores(path))).toEqual([]);
});

test("says whether there are exceptions", () => {
  expect(parseDockerignore("a").hasExceptions).toBe(false);
  expect(parseDockerignore("a\n!a/b").hasExceptions).toBe(true);
});

test("refuses an unclosed class", () => expect(() => patternExpression("a[b")).toThrow("syntax error in pattern: a[b"));
