import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { decodeObject, decodeValue, strictDecodingError } from "../decode/decode-object.ts";
import { applyDefaults } from "../defaults/apply-defaults.ts";
import type { KubeObject, Unstructured } from "../object.ts";
import { StatusError } from "../status-error.ts";
import { prepareForCreate, prepareForUpdate } from "../strategy/prepare.ts";
import { builtinTypes } from "../table/builtin.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { invalidError } from "./field-errors.ts";
import { validateCreate, validateUpdate } from "./validate.ts";

const types = builtinTypes();
const NOW = "2026-01-01T00:00:00Z";
const UID = "0e1d7a3c-6a37-4d6f-8e8a-000000000001";

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

/** What the API server fills in between decoding and validation, and allocators of addresses and ports. */
function withSystemFields(object: Unstructured, { namespace }: Target, uid: string): Unstructured {
  const metadata = { ...object.metadata, ...(namespace && { namespace }), uid, creationTimestamp: NOW };
  if (object.kind !== "Service") return { ...object, metadata };
  const spec = object["spec"] as JsonObject;
  const { clusterIP, type, externalTrafficPolicy } = spec;
  const allocated = {
    ...(clusterIP !== undefined && { clusterIPs: [clusterIP] }),
    ...(type === "LoadBalancer" && externalTrafficPolicy === "Local" && { healthCheckNodePort: 30_001 }),
  };
  return { ...object, metadata, spec: { ...allocated, ...spec } };
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

/** Decided by admission and allocators. */
const ELSEWHERE = new Set([
  'pod-minimal spec.priorityClassName "nope"',
  'service-clusterip spec.clusterIP "10.200.0.1"',
]);

describe.each(["kube-validation.json"])("objects as in %s", (file) => {
  const cases = recordedIn(file).flatMap((recorded) => {
    const target = targetOf(recorded.path);
    return target && !ELSEWHERE.has(recorded.name) ? [{ ...recorded, target }] : [];
  });

  test.each(cases)("$name", ({ target, input, code, message, details }) => {
    const [, uid = UID] = /controller-uid":"([-0-9a-f]+)"/.exec(message) ?? [];
    const refusal = post(target, input, uid);
    if (code < 300) return expect(refusal?.message).toBeUndefined();
    expect(refusal?.message).toBe(message);
    expect(refusal?.code).toBe(code);
    expect(onceEach(refusal?.status.details as JsonObject | undefined)).toEqual(onceEach(details));
  });
});

/** A good object of which one field is replaced. */
interface Change {
  readonly base: string;
  readonly at: readonly (string | number)[];
  /** Absent: the field is removed. */
  readonly value?: JsonValue;
  readonly code?: number;
  readonly message: string;
}

const more = JSON.parse(
  readFileSync(new URL("../../../test/testdata/kube-validation-more.json", import.meta.url), "utf8"),
) as {
  readonly bases: Readonly<Record<string, Unstructured>>;
  readonly created: Change[];
  readonly stored: Readonly<Record<string, Unstructured>>;
  readonly updated: Change[];
};

function changed(base: Unstructured | undefined, { at, ...change }: Change): Unstructured {
  const copy = structuredClone(base) as Unstructured;
  const root: object = copy;
  let place = root as Record<string | number, unknown>;
  for (const step of at.slice(0, -1)) place = place[step] as Record<string | number, unknown>;
  const last = at.at(-1) ?? "";
  if ("value" in change) place[last] = change.value;
  else if (Array.isArray(place)) place.splice(Number(last), 1);
  else delete place[last];
  return copy;
}

function kindOf({ apiVersion, kind }: Unstructured): ResourceInfo {
  const info = types.findKind(apiVersion, kind);
  if (!info) throw new Error(`no kind ${apiVersion} ${kind}`);
  return info;
}

const sentence = ({ base, at, ...change }: Change): string =>
  `${base}: ${at.join(".")} ${"value" in change ? JSON.stringify(change.value).slice(0, 40) : "removed"}`;

/** Order among the members of a map is Go's, and random. */
function sentencesOf(message: string | undefined): string[] | undefined {
  return message?.split(/, (?=[a-zA-Z<][^ ]*: )/).toSorted();
}

describe("a field that is replaced", () => {
  test.each(more.created.map((change) => [sentence(change), change] as const))("in a new object: %s", (_, change) => {
    const object = changed(more.bases[change.base], change);
    const { namespace = "" } = object.metadata;
    const refusal = post({ info: kindOf(object), namespace: namespace as string }, object, UID);
    expect(sentencesOf(refusal?.message)).toEqual(sentencesOf(change.message));
    expect(refusal?.code).toBe(change.code);
  });

  test.each(more.updated.map((change) => [sentence(change), change] as const))(
    "in a stored object: %s",
    (_, change) => {
      const stored = more.stored[change.base];
      const object = changed(stored, change);
      const info = kindOf(object);
      const old = decodeValue(info, stored as Unstructured).object;
      const next = applyDefaults(info, decodeValue(info, object).object);
      const prepared: object = prepareForUpdate(info, next, old);
      const before: object = old;
      const errors = validateUpdate(info, prepared as KubeObject, before as KubeObject);
      const { message } = invalidError(info, String(object.metadata["name"] as string), errors);
      expect(sentencesOf(message)).toEqual(sentencesOf(change.message));
    },
  );
});
