import { beforeEach, describe, expect, test } from "vitest";
import { type RegistryFixture, registryFixture } from "../../../test/support/registry.ts";
import type { KubeObject } from "../../api/object.ts";
import type { Watching, WatchQuery } from "./watching.ts";

let fixture: RegistryFixture;
let heard: string[];
beforeEach(async () => {
  fixture = await registryFixture();
  heard = [];
});

const settled = (): Promise<void> => fixture.clock.advance(0);
const watch = (query: Partial<WatchQuery>, namespace: string | undefined = "a"): Watching =>
  fixture.registry.watch(
    { info: fixture.info("", "configmaps"), ...(namespace !== undefined && { namespace }) },
    { allowWatchBookmarks: false, ...query },
    ({ type, object }) => void heard.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion}`),
  );
const create = (name: string, labels: Record<string, string> = {}): Promise<KubeObject> =>
  fixture.create("", "configmaps", { metadata: { name, labels } });
const label = async (name: string, labels: Record<string, string>): Promise<string> => {
  const { object } = await fixture.registry.update(
    { ...fixture.at("", "configmaps"), name },
    {
      create: false,
      change: (current) => ({ object: { ...current!, metadata: { ...current!.metadata, labels } }, tracked: false }),
    },
    { dryRun: false },
    fixture.context,
  );
  return object.metadata.resourceVersion;
};
const remove = async (name: string): Promise<string> => {
  const target = { ...fixture.at("", "configmaps"), name };
  return (await fixture.registry.delete(target, { dryRun: false }, fixture.context)).object.metadata.resourceVersion;
};

describe("a watch without a version", () => {
  test.each([{}, { resourceVersion: "0" }])("begins with what there is: %j", async (query) => {
    await create("m1");
    await create("m2");
    using watching = watch(query);
    expect(watching.initial.map((object) => object.metadata.name)).toEqual(["m1", "m2"]);
    expect(watching.initialBookmark).toBeUndefined();
    const { metadata } = await create("m3");
    await settled();
    expect(heard).toEqual([`ADDED m3@${metadata.resourceVersion}`]);
  });
});

describe("a watch after a version", () => {
  test("tells what came since, in order", async () => {
    const { metadata } = await create("m1");
    const changed = await label("m1", { x: "y" });
    const gone = await remove("m1");
    using watching = watch({ resourceVersion: metadata.resourceVersion });
    expect(watching.initial).toEqual([]);
    await settled();
    expect(heard).toEqual([`MODIFIED m1@${changed}`, `DELETED m1@${gone}`]);
  });

  test("that is no number is refused", () => {
    expect(() => watch({ resourceVersion: "abc" })).toThrow(
      'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    );
  });

  test("that is still to come tells nothing before it", async () => {
    using _ = watch({ resourceVersion: String(fixture.registry.revision + 1) });
    await create("m1");
    const { metadata } = await create("m2");
    await settled();
    expect(heard).toEqual([`ADDED m2@${metadata.resourceVersion}`]);
  });
});

describe("a streamed list", () => {
  const streamed = { sendInitialEvents: true, allowWatchBookmarks: true };
  test("ends with a bookmark", async () => {
    await create("m1");
    using watching = watch(streamed);
    expect(watching.initial).toHaveLength(1);
    const revision = fixture.registry.revision;
    expect(watching.initialBookmark).toEqual({ type: "BOOKMARK", revision, initialEventsEnd: true });
  });

  test("of a version that is still to come is refused", () => {
    const ahead = String(fixture.registry.revision + 5);
    expect(() => watch({ ...streamed, resourceVersion: ahead })).toThrow("Timeout: Too large resource version: ");
  });
});

describe("a selection", () => {
  test("is entered and left", async () => {
    const { metadata } = await create("m1", { l: "1" });
    using _ = watch({ labelSelector: "l=1", resourceVersion: metadata.resourceVersion });
    const left = await label("m1", { l: "2" });
    await label("m1", { l: "3" });
    const entered = await label("m1", { l: "1" });
    const gone = await remove("m1");
    await settled();
    expect(heard).toEqual([`DELETED m1@${left}`, `ADDED m1@${entered}`, `DELETED m1@${gone}`]);
  });

  test("by name", async () => {
    using _ = watch({ fieldSelector: "metadata.name=m2" });
    await create("m1");
    const { metadata } = await create("m2");
    await settled();
    expect(heard).toEqual([`ADDED m2@${metadata.resourceVersion}`]);
  });

  test("of a namespace, or of all", async () => {
    await fixture.create("", "namespaces", { metadata: { name: "b" }, spec: {} });
    using _a = watch({});
    const all: string[] = [];
    using _all = fixture.registry.watch(
      { info: fixture.info("", "configmaps") },
      { allowWatchBookmarks: false },
      ({ object }) => void all.push(object.metadata.namespace ?? ""),
    );
    await create("m1");
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m1" } } as KubeObject;
    const elsewhere = { info: fixture.info("", "configmaps"), namespace: "b" };
    await fixture.registry.create(elsewhere, object, { dryRun: false }, fixture.context);
    await settled();
    expect(heard).toHaveLength(1);
    expect(all).toEqual(["a", "b"]);
  });
});

test("a bookmark is never behind what was told, nor behind the beginning", async () => {
  using watching = watch({ resourceVersion: String(fixture.registry.revision) });
  await create("m1");
  await settled();
  expect(watching.bookmark()).toEqual({
    type: "BOOKMARK",
    revision: fixture.registry.revision,
    initialEventsEnd: false,
  });
});

test("nothing is told when it has ended", async () => {
  const watching = watch({});
  watching[Symbol.dispose]();
  await create("m1");
  await settled();
  expect(heard).toEqual([]);
});
