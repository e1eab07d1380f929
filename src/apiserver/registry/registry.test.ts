import { beforeEach, describe, expect, test } from "vitest";
import { type RegistryFixture, registryFixture } from "../../../test/support/registry.ts";
import type { KubeObject } from "../../api/object.ts";
import { isAlreadyExists, isNotFound, StatusError } from "../../api/status-error.ts";
import type { Claim, KindHooks } from "./kind-hooks.ts";
import type { Update } from "./registry.ts";

let fixture: RegistryFixture;
beforeEach(async () => {
  fixture = await registryFixture();
});

const map = (name: string, data: Record<string, string> = {}, meta: object = {}): object => ({
  metadata: { name, ...meta },
  data,
});

/** Changes the data of a ConfigMap. */
const setData = (data: Record<string, string>): Update => ({
  change: (current) => ({ object: { ...current, data } as KubeObject, tracked: false }),
  create: false,
});

const update = async (name: string, change: Update, dryRun = false): Promise<KubeObject> => {
  const target = { ...fixture.at("", "configmaps"), name };
  return (await fixture.registry.update(target, change, { dryRun }, fixture.context)).object;
};

const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no failure",
    (error: unknown) => (error instanceof StatusError ? `${error.code} ${error.message}` : String(error)),
  );

describe("create()", () => {
  test("gives an object its uid, time, version and owner of fields", async () => {
    const { metadata } = await fixture.create("", "configmaps", map("m", { x: "1" }));
    expect(metadata).toMatchObject({
      name: "m",
      namespace: "a",
      creationTimestamp: "2026-01-01T00:00:00Z",
      managedFields: [{ manager: "test", operation: "Update", apiVersion: "v1" }],
    });
    expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(metadata.resourceVersion).toBe(String(fixture.registry.revision));
  });

  test("draws a name, again when it is taken", async () => {
    const names = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { metadata } = await fixture.create("", "configmaps", { metadata: { generateName: "m-" } });
      expect(metadata.name).toMatch(/^m-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      names.add(metadata.name);
    }
    expect(names.size).toBe(20);
  });

  test("cuts a long prefix, so that the name is short enough", async () => {
    const { metadata } = await fixture.create("", "configmaps", { metadata: { generateName: "x".repeat(80) } });
    expect(metadata.name).toHaveLength(63);
  });

  test("refuses what is there already, and a version", async () => {
    await fixture.create("", "configmaps", map("m"));
    await expect(fixture.create("", "configmaps", map("m"))).rejects.toSatisfy(isAlreadyExists);
    expect(await failure(fixture.create("", "configmaps", map("n", {}, { resourceVersion: "5" })))).toBe(
      "500 resourceVersion should not be set on objects to be created",
    );
  });

  test("says of what is there still that it goes", async () => {
    const { name } = (await fixture.create("", "configmaps", map("m", {}, { finalizers: ["x/y"] }))).metadata;
    await fixture.registry.delete({ ...fixture.at("", "configmaps"), name }, { dryRun: false }, fixture.context);
    expect(await failure(fixture.create("", "configmaps", map("m")))).toBe(
      '409 object is being deleted: configmaps "m" already exists',
    );
  });

  test("refuses a namespace that is missing or another one", async () => {
    const target = { ...fixture.at("", "configmaps"), namespace: "none" };
    const object = { apiVersion: "v1", kind: "ConfigMap", ...map("m") } as KubeObject;
    const create = fixture.registry.create(target, object, { dryRun: false }, fixture.context);
    expect(await failure(create)).toBe('404 namespaces "none" not found');
    expect(await failure(fixture.create("", "configmaps", map("m", {}, { namespace: "b" })))).toBe(
      "400 the namespace of the provided object does not match the namespace sent on the request",
    );
  });

  test("keeps an owner once, and says so", async () => {
    const owner = { apiVersion: "v1", kind: "X", name: "x", uid: "u" };
    const { metadata } = await fixture.create("", "configmaps", map("m", {}, { ownerReferences: [owner, owner] }));
    expect(metadata.ownerReferences).toEqual([owner]);
    expect(fixture.warnings).toEqual([expect.stringContaining("duplicate UID(s) observed: u")]);
  });

  test("only tries with a dry run", async () => {
    const { registry, context } = fixture;
    const object = { apiVersion: "v1", kind: "ConfigMap", ...map("m") } as KubeObject;
    const before = registry.revision;
    const { metadata } = await registry.create(fixture.at("", "configmaps"), object, { dryRun: true }, context);
    expect(metadata.uid).toBeDefined();
    expect(metadata.resourceVersion).toBeUndefined();
    expect(registry.revision).toBe(before);
    expect(() => registry.get({ ...fixture.at("", "configmaps"), name: "m" })).toThrow('configmaps "m" not found');
  });
});

describe("update()", () => {
  test("changes an object in a new version", async () => {
    const before = await fixture.create("", "configmaps", map("m", { x: "1" }));
    const after = await update("m", setData({ x: "2" }));
    expect(after).toMatchObject({ data: { x: "2" }, metadata: { uid: before.metadata.uid } });
    expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion));
  });

  test("makes no version when nothing changes but the time", async () => {
    const before = await fixture.create("", "configmaps", map("m", { x: "1" }));
    await fixture.clock.advance(5000);
    expect(await update("m", setData({ x: "1" }))).toEqual(before);
    expect(fixture.registry.revision).toBe(Number(before.metadata.resourceVersion));
  });

  test("refuses an older version", async () => {
    const old = await fixture.create("", "configmaps", map("m", { x: "1" }));
    await update("m", setData({ x: "2" }));
    const replace = (object: KubeObject): Promise<string> =>
      failure(update("m", { change: () => ({ object, tracked: false }), create: false }));
    expect(await replace(old)).toMatch(
      /^409 Operation cannot be fulfilled on configmaps "m": the object has been modified/,
    );
  });

  test("keeps what no client changes", async () => {
    const before = await fixture.create("", "configmaps", map("m"));
    const { uid: _, ...rest } = before.metadata;
    const meta = { ...rest, creationTimestamp: "2020-01-01T00:00:00Z", selfLink: "/x" } as KubeObject["metadata"];
    const change = { change: () => ({ object: { ...before, metadata: meta }, tracked: false }), create: false };
    expect((await update("m", change)).metadata).toEqual(before.metadata);
  });

  test("sees the newest state, however many write at once", async () => {
    await fixture.create("", "configmaps", map("m", { n: "0" }));
    const increment: Update = {
      create: false,
      change: (current) => {
        const { data } = current as KubeObject & { data: { n: string } };
        return { object: { ...current, data: { n: String(Number(data.n) + 1) } } as KubeObject, tracked: false };
      },
    };
    await Promise.all(Array.from({ length: 50 }, () => update("m", increment)));
    expect(fixture.registry.get({ ...fixture.at("", "configmaps"), name: "m" })).toMatchObject({ data: { n: "50" } });
  });

  test("creates where it may", async () => {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", namespace: "a" } } as KubeObject;
    const target = { ...fixture.at("", "configmaps"), name: "m" };
    const change = { change: () => ({ object, tracked: false }), create: true };
    const done = await fixture.registry.update(target, change, { dryRun: false }, fixture.context);
    expect(done.created).toBe(true);
    expect(await failure(update("none", setData({})))).toBe('404 configmaps "none" not found');
  });

  test.each([
    ["5", "no failure"],
    ["0", "no failure"],
    ["five", '500 strconv.ParseUint: parsing "five": invalid syntax'],
  ])("creates whatever version the client has seen, if %j is one", async (resourceVersion, outcome) => {
    const metadata = { name: "m", namespace: "a", resourceVersion };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata } as KubeObject;
    expect(await failure(update("m", { change: () => ({ object, tracked: false }), create: true }))).toBe(outcome);
  });

  test("with an error of its own leaves everything as it was", async () => {
    const before = await fixture.create("", "configmaps", map("m", { x: "1" }));
    const broken = {
      change: () => {
        throw new StatusError("BadRequest", "no");
      },
      create: false,
    };
    expect(await failure(update("m", broken))).toBe("400 no");
    expect(fixture.registry.get({ ...fixture.at("", "configmaps"), name: "m" })).toEqual(before);
  });
});

describe("delete()", () => {
  const remove = (name: string, options: object = {}): ReturnType<RegistryFixture["registry"]["delete"]> =>
    fixture.registry.delete({ ...fixture.at("", "configmaps"), name }, { dryRun: false, ...options }, fixture.context);

  test("removes, and gives the last state the version of its end", async () => {
    await fixture.create("", "configmaps", map("m", { x: "1" }));
    const { object, removed, returned } = await remove("m");
    expect([removed, returned]).toEqual([true, false]);
    expect(object).toMatchObject({
      data: { x: "1" },
      metadata: { resourceVersion: String(fixture.registry.revision) },
    });
    await expect(remove("m")).rejects.toSatisfy(isNotFound);
  });

  test("ends with the last finalizer", async () => {
    await fixture.create("", "configmaps", map("m", {}, { finalizers: ["x.example/y"] }));
    expect(await remove("m")).toMatchObject({ removed: false, returned: true });
    const release: Update = {
      create: false,
      change: (current) => {
        const { finalizers: _, ...metadata } = current!.metadata;
        return { object: { ...current!, metadata }, tracked: false };
      },
    };
    await update("m", release);
    await expect(remove("m")).rejects.toSatisfy(isNotFound);
  });

  test("only tries with a dry run", async () => {
    await fixture.create("", "configmaps", map("m"));
    expect(await remove("m", { dryRun: true })).toMatchObject({ removed: true });
    expect(await remove("m")).toMatchObject({ removed: true });
  });

  test("spares the namespaces that every Kubernetes has", async () => {
    const target = { ...fixture.at("", "namespaces"), name: "kube-system" };
    expect(await failure(fixture.registry.delete(target, { dryRun: false }, fixture.context))).toBe(
      '403 namespaces "kube-system" is forbidden: this namespace may not be deleted',
    );
  });

  test("of a collection takes what is selected, and returns it", async () => {
    for (const name of ["m1", "m2", "m3"])
      await fixture.create("", "configmaps", map(name, {}, { labels: { l: name } }));
    const page = { labelSelector: "l in (m1,m3)" };
    const target = fixture.at("", "configmaps");
    const listing = await fixture.registry.deleteCollection(target, page, { dryRun: false }, fixture.context);
    const names = (items: readonly KubeObject[]): string[] => items.map((item) => item.metadata.name);
    expect(names(listing.items)).toEqual(["m1", "m3"]);
    expect(names(fixture.registry.list(target, {}).items)).toEqual(["m2"]);
  });
});

describe("hooks of a kind", () => {
  const claimed: string[] = [];
  const hooks: KindHooks = {
    prepare: (_, object) => object,
    claim: (old, object): Claim => ({
      object: { ...object, data: { claimed: "yes" } } as KubeObject,
      settle: (written) => void claimed.push(`${old ? "update" : "create"} ${written}`),
    }),
    release: (last) => void claimed.push(`release ${last.metadata.name}`),
  };

  test("claim within the write, and are told whether it was written", async () => {
    fixture = await registryFixture({ hooks: new Map([["/configmaps", hooks]]) });
    const { registry, context } = fixture;
    expect(await fixture.create("", "configmaps", map("m"))).toMatchObject({ data: { claimed: "yes" } });
    const object = { apiVersion: "v1", kind: "ConfigMap", ...map("n") } as KubeObject;
    await registry.create(fixture.at("", "configmaps"), object, { dryRun: true }, context);
    await failure(fixture.create("", "configmaps", map("m")));
    await update("m", setData({ x: "1" }));
    await registry.delete({ ...fixture.at("", "configmaps"), name: "m" }, { dryRun: false }, context);
    // The second create of m claims nothing: the name is taken.
    expect(claimed).toEqual(["create true", "create false", "update true", "release m"]);
  });
});

test("an object that is seen in two versions is one", async () => {
  const event = {
    involvedObject: { kind: "Pod", namespace: "a", name: "p" },
    reason: "R",
    message: "m",
    type: "Normal",
  };
  const made = await fixture.create("", "events", { metadata: { name: "e" }, ...event });
  const target = { info: fixture.info("events.k8s.io", "events"), namespace: "a" };
  const seen = fixture.registry.get({ ...target, name: "e" });
  expect(seen).toMatchObject({ apiVersion: "events.k8s.io/v1", note: "m", metadata: { uid: made.metadata.uid } });
  expect(fixture.registry.get({ ...target, name: "e" })).toBe(seen);
});
