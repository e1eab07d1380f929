import { expect, test } from "vitest";
import { accessLine, refusedRequest } from "./access-log.ts";
import { Timestamps } from "./timestamps.ts";

const request = {
  ...refusedRequest(Date.parse("2026-01-01T00:00:00Z"), "shop/web:80", "127.0.0.1", 200, ""),
  method: "GET",
  target: '/a?b="c\\',
  took: 1.234,
  backend: "shop/web:80",
  endpoint: "shop/web-1",
  attempts: 1,
  trace: "00-1-2-01",
};

test("is one line of JSON, whatever the target", () => {
  const line = accessLine(request, new Timestamps());
  expect(line.endsWith("}\n")).toBe(true);
  const { began, took, ...same } = request;
  expect(JSON.parse(line)).toEqual({ time: new Date(began).toISOString(), ms: Number(took.toFixed(2)), ...same });
});
