import { describe, expect, test } from "vitest";
import { admitted, objectOf } from "../../../test/support/admission.ts";
import { FieldErrors, invalidError } from "../../api/validation/field-errors.ts";
import { FieldPath } from "../../api/validation/field-path.ts";
import { API_SERVER, CONTROLLERS } from "../auth/engine-users.ts";
import { endpointAddresses } from "./endpoint-addresses.ts";

const rule = endpointAddresses("127.64.128.0/17");
const slice = (...addresses: string[]) =>
  objectOf("discovery.k8s.io/v1", "EndpointSlice", "s", { addressType: "IPv4", endpoints: [{ addresses }] });
const endpoints = (ip: string) =>
  objectOf("v1", "Endpoints", "s", { subsets: [{ addresses: [{ ip: "10.0.0.1" }], notReadyAddresses: [{ ip }] }] });
const WHY = "may not be in the loopback range (127.0.0.0/8, ::1/128)";

describe("endpoints on the loopback network", () => {
  test.each(["127.0.0.1", "127.64.128.9", "::1"])("%s is nobody's to write", (ip) => {
    expect(() => admitted(rule, slice("10.0.0.1", ip))).toThrow(
      `EndpointSlice.discovery.k8s.io "s" is invalid: endpoints[0].addresses[1]: Invalid value: "${ip}": ${WHY}`,
    );
    expect(() => admitted(rule, endpoints(ip))).toThrow(
      `Endpoints "s" is invalid: subsets[0].notReadyAddresses[0].ip: Invalid value: "${ip}": ${WHY}`,
    );
  });

  test("are the controllers' as far as pods have them", () => {
    const pods = slice("127.64.128.9");
    expect(admitted(rule, pods, { user: CONTROLLERS })).toBe(pods);
    expect(() => admitted(rule, slice("127.0.0.1"), { user: CONTROLLERS })).toThrow(WHY);
  });

  test("are the API server's for itself", () => {
    const own = slice("127.0.0.1");
    expect(admitted(rule, own, { user: API_SERVER })).toBe(own);
  });

  test("others are everybody's", () => {
    const other = slice("10.0.0.1", "2001:db8::1", "128.0.0.1", "a.b");
    expect(admitted(rule, other)).toBe(other);
  });
});

test("what else is wrong is told with it", () => {
  const validate = (): never => {
    const errors = new FieldErrors();
    errors.required(FieldPath.of("ports"));
    errors.required(FieldPath.of("metadata.name"));
    throw invalidError({ group: "discovery.k8s.io", kind: "EndpointSlice" }, "s", errors.list);
  };
  expect(() => admitted(rule, slice("127.0.0.1"), { validate })).toThrow(
    `[metadata.name: Required value, endpoints[0].addresses[0]: Invalid value: "127.0.0.1": ${WHY}, ports: Required value]`,
  );
});
