import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ConfigMap, Pod } from "../api/generated/core-v1.ts";
import { configmaps, deployments, namespaces, pods } from "../api/generated/resources.ts";
import type { Draft, KubeObject } from "../api/object.ts";
import { StatusError } from "../api/status-error.ts";
import type { ApiClient, WatchEvent, WatchOptions } from "./api-client.ts";

/** A server to hold the contract against, reached through the adapter under test. */
export interface ApiClientCase extends AsyncDisposable {
  readonly client: ApiClient;
  /** An empty namespace for this run. No controller may touch what is in it, but for the defaults of the API server. */
  readonly namespace: string;
  /** A version that this server no longer keeps; absent when it cannot have one. */
  readonly expiredVersion?: string;
}

/** Cases, by name, that an adapter or its server does not pass yet, and why. */
export interface Gap {
  readonly reason: string;
  readonly tests: readonly string[];
}

const text = (error: unknown): string =>
  error instanceof StatusError ? `${error.reason}: ${error.message}` : String(error);
const failure = (promise: Promise<unknown>): Promise<string> => promise.then(() => "no failure", text);

/** The contract of `ApiClient`, for every adapter and every server. */
export function describeApiClient(name: string, make: () => Promise<ApiClientCase>, gaps: readonly Gap[] = []): void {
  describe(name, () => {
    beforeEach(({ task, skip }) => {
      const gap = gaps.find(({ tests }) => tests.includes(task.name));
      if (gap) skip(gap.reason);
    });
    let given: ApiClientCase;
    let client: ApiClient;
    let namespace: string;
    let count = 0;

    beforeAll(async () => {
      given = await make();
      ({ client, namespace } = given);
    });
    afterAll(() => given[Symbol.asyncDispose]());

    /** A name that no other case uses. */
    const fresh = (): string => `case-${++count}`;
    const draft = (
      map: string,
      data: Record<string, string> = {},
      labels: Record<string, string> = {},
    ): Draft<ConfigMap> => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: map, namespace, ...(Object.keys(labels).length > 0 && { labels }) },
      data,
    });
    const create = (map: string, data?: Record<string, string>, labels?: Record<string, string>): Promise<ConfigMap> =>
      client.create(configmaps, draft(map, data, labels));
    const deployment = (web: string): Draft<KubeObject> & { readonly spec: object } => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: web, namespace },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: web } },
        template: {
          metadata: { labels: { app: web } },
          spec: { containers: [{ name: "a", image: "a:1", env: [{ name: "X", value: "1" }] }] },
        },
      },
    });

    describe("objects", () => {
      it("are created, read, replaced and deleted", async () => {
        const map = fresh();
        const created = await create(map, { a: "1" });
        expect(created).toMatchObject({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: map, namespace } });
        expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
        expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(await client.get(configmaps, map, namespace)).toEqual(created);
        const updated = await client.update(configmaps, { ...created, data: { a: "2" } });
        expect(Number(updated.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion));
        expect((await client.get(configmaps, map, namespace)).data).toEqual({ a: "2" });
        await client.delete(configmaps, map, namespace);
        expect(await failure(client.get(configmaps, map, namespace))).toBe(`NotFound: configmaps "${map}" not found`);
      });

      it("of the cluster have no namespace", async () => {
        expect((await client.get(namespaces, namespace)).metadata.name).toBe(namespace);
      });

      it("get a name that begins as asked", async () => {
        const { metadata, ...rest } = draft("");
        const created = await client.create(configmaps, {
          ...rest,
          metadata: { namespace: metadata.namespace!, generateName: "case-gen-" },
        });
        expect(created.metadata.name).toMatch(/^case-gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      });

      it("are not created twice", async () => {
        const map = fresh();
        await create(map);
        expect(await failure(create(map))).toBe(`AlreadyExists: configmaps "${map}" already exists`);
      });

      it("that are invalid are refused", async () => {
        const error = await create("Not_A_Name").catch((reason: unknown) => reason as StatusError);
        expect(error).toBeInstanceOf(StatusError);
        expect((error as StatusError).reason).toBe("Invalid");
        expect((error as StatusError).status.details?.causes?.[0]?.field).toBe("metadata.name");
      });

      it("are not replaced by whoever has seen an older version", async () => {
        const map = fresh();
        const created = await create(map, { a: "1" });
        await client.update(configmaps, { ...created, data: { a: "2" } });
        expect(await failure(client.update(configmaps, { ...created, data: { a: "3" } }))).toBe(
          `Conflict: Operation cannot be fulfilled on configmaps "${map}": the object has been modified; please apply your changes to the latest version and try again`,
        );
      });

      it("keep their version when nothing changes", async () => {
        const created = await create(fresh(), { a: "1" });
        const same = await client.update(configmaps, created);
        expect(same.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
      });

      it("are only tried with dryRun", async () => {
        const map = fresh();
        const tried = await client.create(configmaps, draft(map, { a: "1" }), { dryRun: true });
        expect(tried.data).toEqual({ a: "1" });
        expect(await failure(client.get(configmaps, map, namespace))).toContain("NotFound");
      });

      it("are deleted only as the preconditions say", async () => {
        const map = fresh();
        const { metadata } = await create(map);
        const other = { uid: "00000000-0000-4000-8000-000000000000" };
        expect(await failure(client.delete(configmaps, map, namespace, { preconditions: other }))).toContain(
          "Conflict: ",
        );
        await client.delete(configmaps, map, namespace, { preconditions: { uid: metadata.uid } });
        expect(await failure(client.delete(configmaps, map, namespace))).toBe(
          `NotFound: configmaps "${map}" not found`,
        );
      });

      it("with a finalizer go when it goes", async () => {
        const map = fresh();
        const { metadata, ...rest } = draft(map);
        await client.create(configmaps, { ...rest, metadata: { ...metadata, finalizers: ["example.com/hold"] } });
        await client.delete(configmaps, map, namespace);
        const held = await client.get(configmaps, map, namespace);
        expect(held.metadata.deletionTimestamp).toBeDefined();
        await client.patch(configmaps, map, namespace, { type: "merge", body: { metadata: { finalizers: null } } });
        expect(await failure(client.get(configmaps, map, namespace))).toContain("NotFound");
      });
    });

    describe("lists", () => {
      it("select by label and by field, say what their items are, and since when they hold", async () => {
        const run = `${namespace}.${fresh()}`;
        const [a, b] = [fresh(), fresh()];
        await create(a, {}, { run, tier: "front" });
        const last = await create(b, {}, { run, tier: "back" });
        const list = async (options: { labelSelector?: string; fieldSelector?: string }): Promise<string[]> =>
          (await client.list(configmaps, { namespace, ...options })).items.map((item) => item.metadata.name);
        expect(await list({ labelSelector: `run=${run}` })).toEqual([a, b].toSorted());
        expect(await list({ labelSelector: `run=${run},tier in (back)` })).toEqual([b]);
        expect(await list({ labelSelector: `run=${run},tier!=back` })).toEqual([a]);
        expect(await list({ fieldSelector: `metadata.name=${a}` })).toEqual([a]);
        expect(await list({ labelSelector: "run=nobody" })).toEqual([]);
        const { items, resourceVersion } = await client.list(configmaps, { labelSelector: `run=${run}` });
        expect(items).toHaveLength(2);
        expect(items[0]).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
        expect(Number(resourceVersion)).toBeGreaterThanOrEqual(Number(last.metadata.resourceVersion));
      });
    });

    describe("patches", () => {
      it("of kind merge set and remove fields", async () => {
        const map = fresh();
        await create(map, { a: "1", b: "1" });
        const body = { data: { a: null, c: "1" } };
        expect((await client.patch(configmaps, map, namespace, { type: "merge", body })).data).toEqual({
          b: "1",
          c: "1",
        });
      });

      it("of kind json run their operations, all or none", async () => {
        const map = fresh();
        await create(map, { a: "1" });
        const patch = (...body: object[]): Promise<ConfigMap> =>
          client.patch(configmaps, map, namespace, { type: "json", body });
        await patch({ op: "test", path: "/data/a", value: "1" }, { op: "replace", path: "/data/a", value: "2" });
        expect(
          await failure(
            patch({ op: "replace", path: "/data/a", value: "3" }, { op: "test", path: "/data/a", value: "9" }),
          ),
        ).toMatch(/^Invalid: /);
        expect((await client.get(configmaps, map, namespace)).data).toEqual({ a: "2" });
      });

      it("of kind strategic merge lists by their key", async () => {
        const web = fresh();
        await client.create(deployments, deployment(web) as never);
        const body = {
          spec: {
            template: {
              spec: {
                containers: [
                  { name: "a", env: [{ name: "Y", value: "2" }] },
                  { name: "b", image: "b:1" },
                ],
              },
            },
          },
        };
        const { spec } = await client.patch(deployments, web, namespace, { type: "strategic", body });
        const containers = spec?.template.spec?.containers ?? [];
        expect(containers.map((each) => [each.name, each.image, each.env?.map((variable) => variable.name)])).toEqual([
          ["a", "a:1", ["Y", "X"]],
          ["b", "b:1", undefined],
        ]);
      });

      it("of kind apply create, own their fields, and may take them over by force", async () => {
        const map = fresh();
        const apply = (fieldManager: string, value: string, force = false): Promise<ConfigMap> =>
          client.patch(
            configmaps,
            map,
            namespace,
            { type: "apply", body: draft(map, { a: value }) },
            { fieldManager, force },
          );
        expect((await apply("one", "1")).metadata.managedFields).toMatchObject([
          { manager: "one", operation: "Apply" },
        ]);
        const error = await apply("two", "2").catch((reason: unknown) => reason as StatusError);
        expect(text(error)).toBe('Conflict: Apply failed with 1 conflict: conflict with "one": .data.a');
        expect((error as StatusError).status.details?.causes).toMatchObject([
          { reason: "FieldManagerConflict", field: ".data.a" },
        ]);
        expect((await apply("two", "2", true)).data).toEqual({ a: "2" });
      });

      it("with a version of an object that has changed meet a conflict", async () => {
        const map = fresh();
        const { metadata } = await create(map, { a: "1" });
        await client.patch(configmaps, map, namespace, { type: "merge", body: { data: { a: "2" } } });
        const body = { metadata: { resourceVersion: metadata.resourceVersion }, data: { a: "3" } };
        expect(await failure(client.patch(configmaps, map, namespace, { type: "merge", body }))).toMatch(/^Conflict: /);
      });

      it("of what is not there are refused", async () => {
        const patch = { type: "merge", body: {} } as const;
        expect(await failure(client.patch(configmaps, "nobody", namespace, patch))).toBe(
          'NotFound: configmaps "nobody" not found',
        );
      });

      it("name their author", async () => {
        const map = fresh();
        await create(map, { a: "1" });
        const body = { data: { a: "2" } };
        const patched = await client.patch(
          configmaps,
          map,
          namespace,
          { type: "merge", body },
          { fieldManager: "author" },
        );
        expect(patched.metadata.managedFields?.map((entry) => entry.manager)).toContain("author");
      });
    });

    describe("subresources", () => {
      it("status changes the status and nothing else; the object itself anything but that", async () => {
        const pod = fresh();
        const { metadata } = await client.create(pods, aPod(pod, namespace));
        const body = { status: { message: "hello" }, spec: { activeDeadlineSeconds: 5 } };
        await client.patch(pods, pod, namespace, { type: "merge", body }, { subresource: "status" });
        const touched = await client.get(pods, pod, namespace);
        expect([touched.status?.message, touched.spec.activeDeadlineSeconds]).toEqual(["hello", undefined]);
        await client.patch(pods, pod, namespace, { type: "merge", body: { status: { message: "bye" } } });
        const again = await client.get(pods, pod, namespace);
        expect([again.status?.message, again.metadata.uid]).toEqual(["hello", metadata.uid]);
        const replaced = { ...again, status: { ...again.status, message: "replaced" } } as Pod;
        expect((await client.update(pods, replaced, { subresource: "status" })).status?.message).toBe("replaced");
      });

      it("scale sets the number of replicas", async () => {
        const web = fresh();
        await client.create(deployments, deployment(web) as never);
        const scale = await client.patch(
          deployments,
          web,
          namespace,
          { type: "merge", body: { spec: { replicas: 0 } } },
          { subresource: "scale" },
        );
        expect(scale).toMatchObject({ kind: "Scale", spec: {}, metadata: { name: web } });
      });

      it("binding gives a pod its node", async () => {
        const pod = fresh();
        await client.create(pods, aPod(pod, namespace));
        const body = {
          apiVersion: "v1",
          kind: "Binding",
          metadata: { name: pod, namespace },
          target: { kind: "Node", name: "nowhere" },
        };
        await client.createSubresource(pods, pod, namespace, "binding", body);
        expect((await client.get(pods, pod, namespace)).spec.nodeName).toBe("nowhere");
      });
    });

    describe("watches", () => {
      /** The events of a watch, in short, until `until` is one of them. */
      const follow = async (
        options: WatchOptions,
        until: string,
        during?: () => Promise<unknown>,
      ): Promise<string[]> => {
        const stop = new AbortController();
        const heard: string[] = [];
        let begun = during;
        for await (const event of client.watch(configmaps, { namespace, ...options }, stop.signal)) {
          const line = brief(event);
          if (line !== "") heard.push(line);
          const atEnd = event.type === "BOOKMARK" && event.initialEventsEnd;
          if (begun && (atEnd || options.resourceVersion !== undefined)) {
            await begun();
            begun = undefined;
          }
          if (line === until) stop.abort();
        }
        return heard;
      };

      it("tell first what there is, then that this was all, then what comes", async () => {
        const run = fresh();
        const [a, b, c] = [fresh(), fresh(), fresh()];
        await create(a, {}, { run });
        const second = await create(b, {}, { run });
        const heard = await follow({ labelSelector: `run=${run}` }, `DELETED ${a}`, async () => {
          await create(c, {}, { run });
          await client.update(configmaps, { ...second, data: { x: "1" } });
          await client.delete(configmaps, a, namespace);
        });
        expect(heard.slice(0, 2).toSorted()).toEqual([`ADDED ${a}`, `ADDED ${b}`].toSorted());
        expect(heard.slice(2)).toEqual(["that was all", `ADDED ${c}`, `MODIFIED ${b}`, `DELETED ${a}`]);
      });

      it("go on after a version", async () => {
        const run = fresh();
        const [a, b] = [fresh(), fresh()];
        const { metadata } = await create(a, {}, { run });
        await client.patch(configmaps, a, namespace, { type: "merge", body: { data: { x: "1" } } });
        await create(b, {}, { run });
        const options = { labelSelector: `run=${run}`, resourceVersion: metadata.resourceVersion };
        expect(await follow(options, `ADDED ${b}`)).toEqual([`MODIFIED ${a}`, `ADDED ${b}`]);
        const { resourceVersion } = await client.list(configmaps, { namespace });
        await client.delete(configmaps, a, namespace);
        expect(await follow({ ...options, resourceVersion }, `DELETED ${a}`)).toEqual([`DELETED ${a}`]);
      });

      it("tell of an object that enters or leaves the selection as of one that comes or goes", async () => {
        const run = fresh();
        const map = fresh();
        const label = (value: string): Promise<unknown> =>
          client.patch(configmaps, map, namespace, { type: "merge", body: { metadata: { labels: { run: value } } } });
        const { metadata } = await create(map);
        await label(run);
        await label("other");
        await create(fresh(), {}, { run });
        const options = { labelSelector: `run=${run}`, resourceVersion: metadata.resourceVersion };
        expect((await follow(options, `ADDED case-${count}`)).slice(0, 2)).toEqual([`ADDED ${map}`, `DELETED ${map}`]);
      });

      it("give the last state of what was deleted, with the version of the deletion", async () => {
        const map = fresh();
        const { metadata } = await create(map, { last: "words" });
        await client.delete(configmaps, map, namespace);
        const stop = new AbortController();
        const options = { namespace, fieldSelector: `metadata.name=${map}`, resourceVersion: metadata.resourceVersion };
        for await (const event of client.watch(configmaps, options, stop.signal)) {
          if (event.type !== "DELETED") continue;
          expect(event.object.data).toEqual({ last: "words" });
          expect(Number(event.object.metadata.resourceVersion)).toBeGreaterThan(Number(metadata.resourceVersion));
          stop.abort();
        }
      });

      it("end without an error when they are aborted, before and while they run", async () => {
        const events: unknown[] = [];
        for await (const event of client.watch(configmaps, { namespace }, AbortSignal.abort())) events.push(event);
        expect(events).toEqual([]);
        const stop = new AbortController();
        const { resourceVersion } = await client.list(configmaps, { namespace });
        const waiting = client
          .watch(configmaps, { namespace, resourceVersion }, stop.signal)
          [Symbol.asyncIterator]()
          .next();
        setImmediate(() => stop.abort());
        const next = await waiting;
        expect(next.done === true || next.value.type === "BOOKMARK").toBe(true);
      });

      it("can be left by breaking out of the loop", async () => {
        await create(fresh());
        for await (const event of client.watch(configmaps, { namespace }, new AbortController().signal)) {
          expect(event.type).toBe("ADDED");
          break;
        }
      });

      it("of a version that is no longer kept fail as expired", async ({ skip }) => {
        if (given.expiredVersion === undefined) return skip("this server keeps every version");
        const options = { namespace, resourceVersion: given.expiredVersion };
        const first = client.watch(configmaps, options, new AbortController().signal)[Symbol.asyncIterator]().next();
        expect(await failure(first)).toMatch(/^Expired: too old resource version: /);
      });
    });
  });
}

function aPod(name: string, namespace: string): Draft<Pod> {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: { schedulerName: "nobody", automountServiceAccountToken: false, containers: [{ name: "a", image: "a:1" }] },
  } as Draft<Pod>;
}

function brief(event: WatchEvent<KubeObject>): string {
  if (event.type !== "BOOKMARK") return `${event.type} ${event.object.metadata.name}`;
  return event.initialEventsEnd ? "that was all" : "";
}
