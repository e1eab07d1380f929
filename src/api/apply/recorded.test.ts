import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/json.ts";
import { decodeValue } from "../decode/decode-object.ts";
import type { StatusCause } from "../status-error.ts";
import { builtinTypes } from "../table/builtin.ts";
import { applyConfiguration, parseConfiguration } from "./apply-configuration.ts";
import type { ManagedFieldsEntry } from "./owners.ts";
import { trackFields } from "./track-fields.ts";

/**
 * What kube-apiserver 1.36.3 answered to sequences of writes. Replayed step by step: each begins with the object as the
 * API server had it after the step before.
 */
interface Sequence {
  readonly title: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly steps: readonly Step[];
}

interface Step {
  readonly op: "create" | "update" | "apply" | "merge" | "json" | "strategic-merge";
  readonly manager: string;
  readonly force?: boolean;
  readonly subresource?: string;
  readonly config?: JsonValue;
  /** managedFields that the request itself brought. */
  readonly given?: JsonValue;
  readonly after?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string; readonly causes?: readonly StatusCause[] };
}

const file = new URL("../../../test/testdata/apply/sequences.json", import.meta.url);
const sequences = JSON.parse(readFileSync(file, "utf8")) as readonly Sequence[];
const types = builtinTypes();

const TIME = "2026-01-01T00:00:00Z";

/** Times are as present or absent as in the recording. */
const entriesOf = (managedFields: JsonValue | undefined): JsonObject[] =>
  ((managedFields ?? []) as readonly JsonObject[])
    .map((entry) => ({ ...entry, ...(entry["time"] !== undefined && { time: "<time>" }) }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

const metadataOf = (object: JsonObject): JsonObject => object["metadata"] as JsonObject;
const withManagedFields = (object: JsonObject, managedFields: JsonValue | undefined): JsonObject => {
  const { managedFields: _, ...rest } = metadataOf(object);
  return { ...object, metadata: { ...rest, ...(managedFields !== undefined && { managedFields }) } };
};

/** Every member of `part` is in `whole`; the API server has put in defaults. */
function expectIn(part: JsonValue | undefined, whole: JsonValue | undefined, path = ""): void {
  if (isJsonObject(part) && isJsonObject(whole))
    for (const [name, value] of Object.entries(part)) expectIn(value, whole[name], `${path}.${name}`);
  else if (Array.isArray(part) && Array.isArray(whole)) {
    expect(whole, path).toHaveLength(part.length);
    for (const [i, value] of (part as readonly JsonValue[]).entries())
      expectIn(value, whole[i] as JsonValue, `${path}[${i}]`);
  } else expect(part, path).toEqual(whole);
}

describe.each(sequences)("$title", ({ apiVersion, kind, steps }) => {
  const info = types.findKind(apiVersion, kind)!;
  let live: JsonObject | undefined;
  const cases = steps.map((step, i) => {
    const before = live;
    live = step.after ?? live;
    return { ...step, i, before };
  });

  test.each(cases)(
    "$i: $op by $manager",
    ({ op, manager, force = false, subresource, config, given, before, after, error }) => {
      const options = { manager, time: TIME, ...(subresource && { subresource }) };
      const managedFieldsAfter = after && metadataOf(after)["managedFields"];
      if (op !== "apply") {
        const sent = withManagedFields(after!, given ?? (before && metadataOf(before)["managedFields"]));
        const tracked = trackFields(info, { ...(before && { before }), after: sent, operation: "Update", ...options });
        expect(entriesOf(tracked)).toEqual(entriesOf(managedFieldsAfter));
        return;
      }
      const apply = (): { object: JsonObject; managedFields: readonly ManagedFieldsEntry[] } =>
        applyConfiguration(info, {
          ...(before && { live: before }),
          config: parseConfiguration(config!),
          force,
          ...options,
        });
      if (error) {
        expect(apply).toThrow(expect.objectContaining({ code: error.code, message: error.message }));
        expect(apply).toThrow(
          expect.objectContaining({
            status: expect.objectContaining(error.causes ? { details: { causes: error.causes } } : {}),
          }),
        );
        return;
      }
      const applied = apply();
      expect(entriesOf(applied.managedFields)).toEqual(entriesOf(managedFieldsAfter));
      // Through a subresource only that part of the object is stored.
      if (subresource) expectIn(applied.object["status"], after!["status"]);
      else if (before?.["status"]) expectIn(applied.object["spec"], after!["spec"]);
      else expectIn(decodeValue(info, applied.object).object, withManagedFields(after!, undefined));
    },
  );
});
