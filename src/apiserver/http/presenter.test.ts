import { describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import type { KubeObject } from "../../api/object.ts";
import { builtinTypes } from "../../api/table/builtin.ts";
import type { Table } from "../../api/print/table.ts";
import { ObjectJson } from "../encoding/object-json.ts";
import { SCALE } from "../subresources/scale.ts";
import type { Representation } from "./negotiation.ts";
import { Presenter } from "./presenter.ts";

const info = builtinTypes().find("", "v1", "configmaps")!;
const clock = new FakeClock();
const presenter = new Presenter(new ObjectJson(), clock);
const object = (name: string): KubeObject =>
  ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "a", uid: name, resourceVersion: "7", creationTimestamp: "2026-01-01T00:00:00Z" },
    data: { k: "v" },
  }) as KubeObject;
const none = new URLSearchParams();
const json: Representation = { format: "json" };
const table: Representation = { format: "json", view: { kind: "Table", version: "v1" } };
const parsed = ({ bytes }: { readonly bytes: Buffer }): unknown => JSON.parse(bytes.toString());

describe("one object", () => {
  test("is its JSON on a line", () => {
    const { contentType, bytes } = presenter.object(info, object("m"), json, none);
    expect(contentType).toBe("application/json");
    expect(bytes.toString()).toBe(`${JSON.stringify({ kind: "ConfigMap", apiVersion: "v1", ...rest(object("m")) })}\n`);
  });

  test("is YAML for those who ask", () => {
    const { contentType, bytes } = presenter.object(info, object("m"), { format: "yaml" }, none);
    expect(contentType).toBe("application/yaml");
    expect(bytes.toString()).toMatch(/^apiVersion: v1\ndata:\n {2}k: v\nkind: ConfigMap\n/);
  });

  test("is its metadata alone", () => {
    const how: Representation = { format: "json", view: { kind: "PartialObjectMetadata", version: "v1" } };
    const { metadata } = object("m");
    expect(parsed(presenter.object(info, object("m"), how, none))).toEqual({
      kind: "PartialObjectMetadata",
      apiVersion: "meta.k8s.io/v1",
      metadata,
    });
  });

  test("that is a Scale has a row of its own", () => {
    const scale = { ...object("m"), spec: { replicas: 3 }, status: { replicas: 2 } } as KubeObject;
    const { columnDefinitions, rows } = parsed(presenter.object(SCALE, scale, table, none)) as Table;
    expect(columnDefinitions?.map(({ name }) => name)).toEqual(["Name", "Desired", "Available", "Age"]);
    expect(rows[0]?.cells.slice(0, 3)).toEqual(["m", 3, 2]);
  });

  test.each([
    ["", "PartialObjectMetadata"],
    ["Object", "ConfigMap"],
    ["None", undefined],
  ])("is a row of a Table, with includeObject=%s", (includeObject, kind) => {
    const query = new URLSearchParams({ includeObject });
    const { rows } = parsed(presenter.object(info, object("m"), table, query)) as {
      rows: readonly { readonly cells: readonly unknown[]; readonly object?: { readonly kind: string } | null }[];
    };
    expect(rows).toHaveLength(1);
    expect(rows[0]!.cells.slice(0, 2)).toEqual(["m", 1]);
    expect(rows[0]!.object?.kind).toBe(kind);
  });

  test("is no row of another sort", () => {
    expect(() => presenter.object(info, object("m"), table, new URLSearchParams("includeObject=All"))).toThrow(
      `Unable to convert to Table as requested: includeObject: Invalid value: "All": must be 'Metadata', 'Object', 'None', or empty`,
    );
  });
});

describe("a list", () => {
  const items = [object("m"), object("n")];

  test("says once of what kind its items are", () => {
    const listing = { items, revision: 9, continue: "next", remaining: 3 };
    expect(parsed(presenter.list(info, listing, json, none))).toEqual({
      kind: "ConfigMapList",
      apiVersion: "v1",
      metadata: { resourceVersion: "9", continue: "next", remainingItemCount: 3 },
      items: items.map(rest),
    });
  });

  test("may be empty", () => {
    expect(presenter.list(info, { items: [], revision: 9 }, json, none).bytes.toString()).toBe(
      '{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[]}\n',
    );
  });

  test("of a custom kind lets each item say its kind, and shows the token", () => {
    const custom = { ...info, custom: true };
    expect(parsed(presenter.list(custom, { items, revision: 9 }, json, none))).toMatchObject({
      metadata: { resourceVersion: "9", continue: "" },
      items: [{ kind: "ConfigMap", apiVersion: "v1" }, {}],
    });
  });

  test("is a Table of its own metadata", () => {
    expect(parsed(presenter.list(info, { items, revision: 9, continue: "next" }, table, none))).toMatchObject({
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      metadata: { resourceVersion: "9", continue: "next" },
      rows: [{}, {}],
    });
  });

  test("is metadata alone", () => {
    const how: Representation = { format: "json", view: { kind: "PartialObjectMetadata", version: "v1beta1" } };
    expect(parsed(presenter.list(info, { items, revision: 9 }, how, none))).toMatchObject({
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1beta1",
      items: [{ kind: "PartialObjectMetadata", metadata: { name: "m" } }, {}],
    });
  });
});

function rest({ kind: _kind, apiVersion: _apiVersion, ...others }: KubeObject): object {
  return others;
}
