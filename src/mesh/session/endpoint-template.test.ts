import { expect, test } from "vitest";
import { endpointTemplate } from "./endpoint-template.ts";

const cases: readonly [string, string][] = [
  ["/", "GET /"],
  ["/restaurants/12", "GET /restaurants/{id}"],
  ["/restaurants/12/menu?full=1", "GET /restaurants/{id}/menu"],
  ["/orders/6f1c1f0e-0c1d-4c8e-9d5e-0a1b2c3d4e5f", "GET /orders/{id}"],
  ["/objects/507f1f77bcf86cd799439011", "GET /objects/{id}"],
  ["/tokens/dGhpcyBpcyBhIHRlc3Q1", "GET /tokens/{id}"],
  ["/v1/users", "GET /v1/users"],
  ["/configuration-properties", "GET /configuration-properties"],
  ["/ConfigurationPropertiesAndMore", "GET /ConfigurationPropertiesAndMore"],
  ["/deadbeef", "GET /deadbeef"],
  ["*", "GET *"],
];
test.each(cases)("%s", (target, want) => expect(endpointTemplate("GET", target)).toBe(want));

test("is never longer than what a report can carry", () =>
  expect(endpointTemplate("GET", `/${"x".repeat(999)}`).length).toBe(200));
