import { expect, test } from "vitest";
import { requestHead } from "../../../test/support/request-head.ts";
import type { Match } from "../../plan/routing/snapshot.ts";
import { matcherOf, subjectOf } from "./matcher.ts";

const any: Match = { headers: [], query: [] };
const prefix = (value: string): Partial<Match> => ({ path: { type: "PathPrefix", value } });
const exact = (value: string): Partial<Match> => ({ path: { type: "Exact", value } });
const regex = (value: string): Partial<Match> => ({ path: { type: "RegularExpression", value } });
const header = (name: string, value: string, type: "Exact" | "RegularExpression" = "Exact"): Partial<Match> => ({
  headers: [{ name, type, value }],
});
const query = (name: string, value: string, type: "Exact" | "RegularExpression" = "Exact"): Partial<Match> => ({
  query: [{ name, type, value }],
});

const cases: readonly [string, Partial<Match>, string, readonly string[], boolean][] = [
  ["everything", prefix("/"), "GET /x", [], true],
  ["everything, OPTIONS * too", prefix("/"), "OPTIONS *", [], true],
  ["a prefix takes itself", prefix("/abc"), "GET /abc", [], true],
  ["a prefix takes what is below", prefix("/abc"), "GET /abc/def", [], true],
  ["a prefix takes itself with a slash", prefix("/abc"), "GET /abc/", [], true],
  ["a prefix ends at a segment", prefix("/abc"), "GET /abcd", [], false],
  ["a slash at the end of a prefix makes no difference", prefix("/abc/"), "GET /abc", [], true],
  ["a prefix and a query", prefix("/abc"), "GET /abc?d", [], true],
  ["prefixes are case-sensitive", prefix("/abc"), "GET /ABC", [], false],
  ["exact", exact("/abc"), "GET /abc?q", [], true],
  ["exact is not a prefix", exact("/abc"), "GET /abc/", [], false],
  ["an expression is for the whole path", regex("/a.c"), "GET /abc", [], true],
  ["… not for a part of it", regex("/a.c"), "GET /abcd", [], false],
  ["paths are taken as they come", exact("/a%2Fb"), "GET /a%2Fb", [], true],
  ["… not decoded", exact("/a/b"), "GET /a%2Fb", [], false],
  ["a method", { method: "POST" }, "POST /", [], true],
  ["another method", { method: "POST" }, "GET /", [], false],
  ["a header", header("testuser", "1"), "GET /", ["TestUser: 1"], true],
  ["a header with another value", header("testuser", "1"), "GET /", ["TestUser: 2"], false],
  ["no header", header("testuser", "1"), "GET /", [], false],
  ["a header by expression", header("testuser", ".+", "RegularExpression"), "GET /", ["testuser: x"], true],
  ["an empty header is not one or more", header("testuser", ".+", "RegularExpression"), "GET /", ["testuser:"], false],
  ["no header is not zero or more", header("testuser", ".*", "RegularExpression"), "GET /", [], false],
  ["a header that came twice", header("a", "1, 2"), "GET /", ["a: 1", "A: 2"], true],
  ["a known header", header("cookie", "a=b"), "GET /", ["Cookie: a=b"], true],
  ["a query parameter", query("a", "1"), "GET /?b=2&a=1", [], true],
  ["the first of two parameters", query("a", "2"), "GET /?a=1&a=2", [], false],
  ["an encoded parameter", query("a", "x y"), "GET /?a=x%20y", [], true],
  ["no query", query("a", "1"), "GET /", [], false],
  ["a parameter by expression", query("a", "\\d+", "RegularExpression"), "GET /?a=12", [], true],
  [
    "all at once",
    { ...prefix("/a"), ...header("x", "1"), ...query("q", "1"), method: "GET" },
    "GET /a/b?q=1",
    ["x: 1"],
    true,
  ],
  [
    "all but one",
    { ...prefix("/a"), ...header("x", "1"), ...query("q", "1"), method: "GET" },
    "GET /a/b?q=2",
    ["x: 1"],
    false,
  ],
  ["an expression in RE2's way of ignoring case", regex("(?i)/abc"), "GET /ABC", [], true],
];
test.each(cases)("%s", (_, match, line, fields, want) =>
  expect(matcherOf({ ...any, ...match })(subjectOf(requestHead(line, ...fields)))).toBe(want),
);
