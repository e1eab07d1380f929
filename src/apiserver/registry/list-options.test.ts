import { describe, expect, test } from "vitest";
import { parseListQuery } from "./list-options.ts";

const read = (query: string, watchPath = false) => parseListQuery(new URLSearchParams(query), watchPath);

describe("the query of a list", () => {
  test.each<[query: string, expected: object]>([
    ["", {}],
    ["labelSelector=a%3Db&fieldSelector=x%3Dy", { labelSelector: "a=b", fieldSelector: "x=y" }],
    ["limit=5&continue=token", { limit: 5, continue: "token" }],
    ["limit=&continue=", {}],
    ["resourceVersion=7&resourceVersionMatch=Exact", { resourceVersion: "7", resourceVersionMatch: "Exact" }],
    ["timeoutSeconds=3", { timeoutSeconds: 3 }],
  ])("%s", (query, expected) => {
    expect(read(query)).toEqual({ watch: false, allowWatchBookmarks: false, ...expected });
  });

  test.each<[query: string, message: string]>([
    [
      "resourceVersionMatch=Exact",
      "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
    ],
    [
      "resourceVersion=1&resourceVersionMatch=Exact&continue=x",
      "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided",
    ],
    [
      "resourceVersion=1&resourceVersionMatch=Near",
      'resourceVersionMatch: Unsupported value: "Near": supported values: "Exact", "NotOlderThan", ""',
    ],
    [
      "resourceVersion=0&resourceVersionMatch=Exact",
      'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    ["sendInitialEvents=true", "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"],
  ])("%s is refused", (query, message) => {
    expect(() => read(query)).toThrow(`ListOptions.meta.k8s.io "" is invalid: ${message}`);
  });

  test("has numbers where numbers belong", () => {
    expect(() => read("limit=five")).toThrow('strconv.ParseInt: parsing "five": invalid syntax');
  });
});

describe("the query of a watch", () => {
  test.each<[query: string, watch: boolean]>([
    ["watch=true", true],
    ["watch=1", true],
    ["watch", true],
    ["watch=false", false],
    ["watch=0", false],
  ])("%s", (query, watch) => {
    expect(read(query).watch).toBe(watch);
  });

  test("is one by its path too", () => {
    expect(read("", true).watch).toBe(true);
  });

  test("may ask for what is there first", () => {
    const query = "watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    expect(read(query)).toEqual({
      watch: true,
      allowWatchBookmarks: true,
      sendInitialEvents: true,
      resourceVersionMatch: "NotOlderThan",
    });
  });

  test.each<[query: string, message: string]>([
    [
      "resourceVersionMatch=NotOlderThan",
      "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    ],
    [
      "sendInitialEvents=false",
      "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    ],
    [
      "sendInitialEvents=true&resourceVersionMatch=Exact",
      "[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, " +
        'resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
    ],
  ])("%s is refused", (query, message) => {
    expect(() => read(`watch=1&${query}`)).toThrow(`ListOptions.meta.k8s.io "" is invalid: ${message}`);
  });
});
