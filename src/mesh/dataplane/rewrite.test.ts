import { describe, expect, test } from "vitest";
import type { RedirectFilter } from "../../plan/routing/snapshot.ts";
import { changePath, locationOf, redirectOf, rewriteOf } from "./rewrite.ts";

/** The table of HTTPPathModifier.replacePrefixMatch in the Gateway API. */
const table: readonly [string, string, string, string][] = [
  ["/foo/bar", "/foo", "/xyz", "/xyz/bar"],
  ["/foo/bar", "/foo", "/xyz/", "/xyz/bar"],
  ["/foo/bar", "/foo/", "/xyz", "/xyz/bar"],
  ["/foo/bar", "/foo/", "/xyz/", "/xyz/bar"],
  ["/foo", "/foo", "/xyz", "/xyz"],
  ["/foo/", "/foo", "/xyz", "/xyz/"],
  ["/foo/bar", "/foo", "", "/bar"],
  ["/foo/", "/foo", "", "/"],
  ["/foo", "/foo", "", "/"],
  ["/foo/", "/foo", "/", "/"],
  ["/foo", "/foo", "/", "/"],
  ["/foo?a=/foo", "/foo", "/xyz", "/xyz?a=/foo"],
  ["/foo/bar", "/", "/xyz", "/xyz/foo/bar"],
];
test.each(table)("%s, prefix %s → %j: %s", (target, prefix, value, want) =>
  expect(changePath(target, { type: "prefix", value }, prefix)).toBe(want),
);

test("a full path leaves the query", () => expect(changePath("/a?b", { type: "full", value: "/c" }, "/")).toBe("/c?b"));

describe("redirects", () => {
  const cases: readonly [string, Partial<RedirectFilter>, string, string][] = [
    ["host", { host: "example.org" }, "web", "http://example.org/a?b"],
    ["scheme: its port, which is not written", { scheme: "https" }, "web:8080", "https://web/a?b"],
    ["the port of the request stays", {}, "web:8080", "http://web:8080/a?b"],
    ["a default port is not written", {}, "web:80", "http://web/a?b"],
    ["port", { port: 8443, scheme: "https" }, "web", "https://web:8443/a?b"],
    ["the default port of the scheme", { port: 443, scheme: "https" }, "web", "https://web/a?b"],
    ["path", { path: { type: "full", value: "/c" } }, "web", "http://web/c?b"],
    ["prefix", { path: { type: "prefix", value: "/c" } }, "web", "http://web/c/a?b"],
    ["IPv6", {}, "[::1]:81", "http://[::1]:81/a?b"],
  ];
  test.each(cases)("%s", (_, change, host, want) =>
    expect(locationOf({ type: "redirect", status: 302, ...change }, host, "/a?b", "/")).toBe(want),
  );
});

test("the last rewrite of each kind counts", () =>
  expect(
    rewriteOf([
      { type: "rewrite", host: "a", path: { type: "full", value: "/1" } },
      { type: "rewrite", host: "b" },
    ]),
  ).toEqual({ host: "b", path: { type: "full", value: "/1" } }));

test("no rewrite, no redirect", () => expect([rewriteOf([]), redirectOf([])]).toEqual([undefined, undefined]));
