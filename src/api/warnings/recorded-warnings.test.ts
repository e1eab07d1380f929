import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { decodeObject } from "../decode/decode-object.ts";
import { applyDefaults } from "../defaults/apply-defaults.ts";
import type { KubeObject } from "../object.ts";
import { prepareForCreate } from "../strategy/prepare.ts";
import { builtinTypes } from "../table/builtin.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { warningsOnCreate } from "./object-warnings.ts";

const types = builtinTypes();

/** What kube-apiserver 1.36 warned of when an object was posted. */
interface Recorded {
  readonly name: string;
  readonly input: JsonObject & { readonly apiVersion: string; readonly kind: string };
  readonly warnings: readonly string[];
}

const file = new URL("../../../test/testdata/kube-warnings.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Recorded[] };

test.each(cases)("$name", ({ input, warnings }) => {
  const info = types.findType(input.apiVersion, input.kind);
  if (!info) throw new Error(`${input.kind} is unknown`);
  const { object } = decodeObject(info, new TextEncoder().encode(JSON.stringify(input)), "json", types);
  const prepared: object = prepareForCreate(info as ResourceInfo, applyDefaults(info, object), "2026-01-01T00:00:00Z");
  expect([...warningsOnCreate(info as ResourceInfo, prepared as KubeObject)].toSorted()).toEqual(warnings.toSorted());
});
