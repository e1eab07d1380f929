import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { decodeObject, strictDecodingError } from "../decode/decode-object.ts";
import { applyDefaults } from "../defaults/apply-defaults.ts";
import type { KubeObject, Unstructured } from "../object.ts";
import { StatusError } from "../status-error.ts";
import { prepareForCreate } from "../strategy/prepare.ts";
import { builtinTypes } from "../table/builtin.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { invalidError } from "./field-errors.ts";
import { validateCreate } from "./validate.ts";

const types = builtinTypes();
const NOW = "2026-01-01T00:00:00Z";

/** What kube-apiserver 1.36 said to an object that was posted to a path. */
interface Recorded {
  readonly name: string;
  readonly path: string;
  readonly input: JsonObject & { readonly metadata: JsonObject };
  readonly code: number;
  readonly message: string;
  readonly details?: JsonObject;
}

function recordedIn(file: string): Recorded[] {
  const text = readFileSync(new URL(`../../../test/testdata/${file}`, import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly cases: Recorded[] }).cases;
}

interface Target {
  readonly info: ResourceInfo;
  readonly namespace: string;
}

function targetOf(path: string): Target | undefined {
  const match = /^\/apis?(?:\/([^/]+(?=\/v\d)))?\/([^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path);
  const [, group = "", version = "", namespace = "", plural = ""] = match ?? [];
  const info = types.find(group, version, plural);
  return info && { info, namespace };
}

/** What the API server fills in between decoding and validation, and an allocator of addresses. */
function withSystemFields(object: Unstructured, { namespace }: Target, uid: string): Unstructured {
  const spec = object["spec"] as JsonObject | undefined;
  const address = object.kind === "Service" ? spec?.["clusterIP"] : undefined;
  return {
    ...object,
    metadata: { ...object.metadata, ...(namespace && { namespace }), uid, creationTimestamp: NOW },
    ...(address !== undefined && { spec: { clusterIPs: [address], ...spec } }),
  };
}

function post(target: Target, input: JsonObject, uid: string): StatusError | undefined {
  try {
    const { info } = target;
    const { object, problems } = decodeObject(info, new TextEncoder().encode(JSON.stringify(input)), "json", types);
    if (problems.length > 0) return strictDecodingError(info, problems);
    const named = withSystemFields(applyDefaults(info, object), target, uid);
    const prepared: object = prepareForCreate(info, named, NOW);
    const errors = validateCreate(info, prepared as KubeObject);
    const { name = "" } = named.metadata;
    return errors.length > 0 ? invalidError(info, String(name as string), errors) : undefined;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

/** Kubernetes says some causes several times, because it looks at them several times. */
function onceEach(details: JsonValue | undefined): JsonValue | undefined {
  const { causes, ...rest } = (details ?? {}) as JsonObject & { causes?: JsonObject[] };
  if (!causes) return details;
  const once = new Map(causes.map((cause) => [JSON.stringify([cause["field"], cause["message"]]), cause]));
  return { ...rest, causes: [...once.values()] };
}

/** Decided by admission and allocators, or lost in decoding: an empty map is as good as none. */
const ELSEWHERE = new Set([
  'pod-minimal spec.priorityClassName "nope"',
  'service-clusterip spec.clusterIP "10.200.0.1"',
  "deployment spec.template.metadata.labels {}",
]);

describe.each(["kube-validation.json"])("objects as in %s", (file) => {
  const cases = recordedIn(file).flatMap((recorded) => {
    const target = targetOf(recorded.path);
    return target && !ELSEWHERE.has(recorded.name) ? [{ ...recorded, target }] : [];
  });

  test.each(cases)("$name", ({ target, input, code, message, details }) => {
    const [, uid = "0e1d7a3c-6a37-4d6f-8e8a-000000000001"] = /controller-uid":"([-0-9a-f]+)"/.exec(message) ?? [];
    const refusal = post(target, input, uid);
    if (code < 300) return expect(refusal?.message).toBeUndefined();
    expect(refusal?.message).toBe(message);
    expect(refusal?.code).toBe(code);
    expect(onceEach(refusal?.status.details as JsonObject | undefined)).toEqual(onceEach(details));
  });
});
