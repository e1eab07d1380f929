import { describe, expect, test } from "vitest";
import type { ReleasePolicy } from "../generated/sluice-dev.ts";
import { FieldErrors } from "./field-errors.ts";
import { validateReleasePolicy } from "./release-policy.ts";

const targetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "shop" };

function problemsOf(spec: Readonly<Record<string, unknown>>): string[] {
  const errors = new FieldErrors();
  const policy: unknown = {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "ReleasePolicy",
    metadata: { name: "shop", namespace: "default" },
    spec: { targetRef, steps: "auto", ...spec },
  };
  validateReleasePolicy(policy as ReleasePolicy, errors);
  return errors.list.map(({ field, body }) => `${field}: ${body}`);
}

describe("a release policy", () => {
  test.each<[sentence: string, spec: Readonly<Record<string, unknown>>]>([
    ["may leave all to Sluice", {}],
    [
      "may list steps",
      { steps: [{ weight: 1, requests: 500 }, { pause: {} }, { weight: 50, for: "10m" }, { weight: 100 }] },
    ],
    ["may pause for a time", { steps: [{ pause: { for: "1h30m" } }] }],
    ["may know testers by the value of a header", { testers: [{ header: { name: "X-Tester", value: "1" } }] }],
    ["may know testers by an expression", { testers: [{ header: { name: "User-Agent", regex: "(?i)beta.*" } }] }],
  ])("%s", (_, spec) => {
    expect(problemsOf(spec)).toEqual([]);
  });

  test.each<[sentence: string, spec: Readonly<Record<string, unknown>>, ...problems: string[]]>([
    [
      "is of Deployments",
      { targetRef: { ...targetRef, apiVersion: "v1", kind: "Pod" } },
      'spec.targetRef.apiVersion: Unsupported value: "v1": supported values: "apps/v1"',
      'spec.targetRef.kind: Unsupported value: "Pod": supported values: "Deployment"',
    ],
    ["has steps or auto", { steps: "slow" }, 'spec.steps: Invalid value: "slow": must be "auto" or a list of steps'],
    ["has a step at least", { steps: [] }, 'spec.steps: Required value: must be "auto" or have at least one step'],
    ["has objects as steps", { steps: [50] }, "spec.steps[0]: Invalid value: 50: must be an object"],
    ["has no empty step", { steps: [{}] }, "spec.steps[0]: Required value: must have one of `weight` and `pause`"],
    [
      "has weights or pauses",
      { steps: [{ weight: 5, pause: {} }] },
      "spec.steps[0]: Forbidden: may have only one of `weight` and `pause`",
    ],
    [
      "has weights in percent",
      { steps: [{ weight: 101 }, { weight: -1 }, { weight: "5" }] },
      "spec.steps[0].weight: Invalid value: 101: must be a number between 0 and 100, inclusive",
      "spec.steps[1].weight: Invalid value: -1: must be a number between 0 and 100, inclusive",
      'spec.steps[2].weight: Invalid value: "5": must be a number between 0 and 100, inclusive',
    ],
    [
      "counts whole requests",
      { steps: [{ weight: 5, requests: 0.5 }] },
      "spec.steps[0].requests: Invalid value: 0.5: must be an integer greater than or equal to 0",
    ],
    [
      "has durations with units",
      { steps: [{ weight: 5, for: "10" }, { pause: { for: 10 } }] },
      'spec.steps[0].for: Invalid value: "10": must be a duration, like "2m"',
      'spec.steps[1].pause.for: Invalid value: 10: must be a duration, like "2m"',
    ],
    [
      "has no misspelt fields in steps",
      { steps: [{ weight: 5, request: 1 }, { pause: { until: "1m" } }] },
      "spec.steps[0].request: Forbidden: unknown field",
      "spec.steps[1].pause.until: Forbidden: unknown field",
    ],
    [
      "knows testers by one thing",
      { testers: [{ header: { name: "a" } }, { header: { name: "a", value: "b", regex: "c" } }] },
      'spec.testers[0].header: Invalid value: {"name":"a"}: must have exactly one of `value` and `regex`',
      'spec.testers[1].header: Invalid value: {"name":"a","value":"b","regex":"c"}: must have exactly one of `value` and `regex`',
    ],
    [
      "has good expressions",
      { testers: [{ header: { name: "a", regex: "(" } }] },
      'spec.testers[0].header.regex: Invalid value: "(": must be a regular expression',
    ],
    [
      "has good names of headers",
      { user: { header: "X User" }, smoke: [{ get: "/", headers: { "a b": "c" } }] },
      "spec.smoke[0].headers[a b]: Invalid value: \"a b\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
      "spec.user.header: Invalid value: \"X User\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
    ],
  ])("%s", (_, spec, ...problems) => {
    expect(problemsOf(spec)).toEqual(problems);
  });
});
