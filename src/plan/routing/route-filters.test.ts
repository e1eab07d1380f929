import { expect, test } from "vitest";
import { type RouteFilter, readFilters } from "./route-filters.ts";

const full = (replaceFullPath: string): RouteFilter => ({
  type: "URLRewrite",
  urlRewrite: { path: { type: "ReplaceFullPath", replaceFullPath } },
});
const prefix = (replacePrefixMatch: string): RouteFilter => ({
  type: "RequestRedirect",
  requestRedirect: { path: { type: "ReplacePrefixMatch", replacePrefixMatch } },
});
const set = (name: string, value: string): RouteFilter => ({
  type: "RequestHeaderModifier",
  requestHeaderModifier: { set: [{ name, value }] },
});

/** What a filter writes into a message must not end the line it stands in. */
const refused: readonly [string, RouteFilter, string][] = [
  ["a path with a line end", full("/a HTTP/1.1\r\nX: y"), '"/a HTTP/1.1\\r\\nX: y" is not a path'],
  ["a path with a space", full("/a b"), '"/a b" is not a path'],
  ["a path with a query", full("/a?b"), '"/a?b" is not a path'],
  ["a path with a fragment", full("/a#b"), '"/a#b" is not a path'],
  ["a path that is relative", full("a"), '"a" is not a path'],
  ["a path beyond ASCII", full("/ä"), '"/ä" is not a path'],
  ["no path", full(""), '"" is not a path'],
  ["a prefix with a line end", prefix("/a\r\nSet-Cookie: b"), '"/a\\r\\nSet-Cookie: b" is not a path'],
  ["a prefix that is relative", prefix("a"), '"a" is not a path'],
  ["a value with a line end", set("X", "a\r\nY: b"), "the value of X holds a character that no field value may hold"],
  ["a Host by header", set("HOST", "a"), "Host is changed by the filter URLRewrite only"],
  [
    "no Host any more",
    { type: "RequestHeaderModifier", requestHeaderModifier: { remove: ["Host"] } },
    "Host is changed by the filter URLRewrite only",
  ],
];
test.each(refused)("%s is refused", (_, filter, problem) => {
  expect(readFilters([filter], true)).toEqual({ filters: [], problem });
});

const taken: readonly [string, RouteFilter, object][] = [
  ["a path", full("/a/%20b;c=d"), { type: "rewrite", path: { type: "full", value: "/a/%20b;c=d" } }],
  ["a prefix", prefix("/a"), { type: "redirect", path: { type: "prefix", value: "/a" }, status: 302 }],
  ["no prefix", prefix(""), { type: "redirect", path: { type: "prefix", value: "" }, status: 302 }],
  ["a value", set("X", "a ä"), { type: "requestHeaders", set: [{ name: "X", value: "a ä" }], add: [], remove: [] }],
];
test.each(taken)("%s is taken", (_, filter, read) => {
  expect(readFilters([filter], true)).toEqual({ filters: [read] });
});
