import { afterAll, beforeAll, expect, test } from "vitest";
import type { Deployment, ReplicaSet } from "../../src/api/generated/apps-v1.ts";
import type { Pod } from "../../src/api/generated/core-v1.ts";
import type { HTTPRoute } from "../../src/api/generated/gateway-networking-k8s-io.ts";
import type { MeshWorker } from "../../src/api/generated/sluice-dev.ts";
import type { EndpointSlice } from "../../src/api/generated/discovery-v1.ts";
import type { ClusterRole } from "../../src/api/generated/rbac-v1.ts";
import {
  clusterroles,
  configmaps,
  deployments,
  endpointslices,
  endpoints,
  events,
  httproutes,
  meshworkers,
  namespaces,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  replicasets,
  serviceaccounts,
  services,
} from "../../src/api/generated/resources.ts";
import { type KubeObject, keyOf } from "../../src/api/object.ts";
import { StatusError } from "../../src/api/status-error.ts";
import type { Admitter } from "../../src/apiserver/admission/admitter.ts";
import { ControllerManager } from "../../src/controllers/manager.ts";
import { formatMicroTimestamp } from "../../src/lib/timestamp.ts";
import { systemClock } from "../../src/main/system-clock.ts";
import { systemRandom } from "../../src/main/system-random.ts";
import { silentLogger } from "../../src/observe/logger.ts";
import { template } from "../support/fixtures/workloads.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;
let count = 0;
const removed: string[] = [];

/** Namespaces in which no pod may be created. */
const full = new Set<string>();
const quota: Admitter = {
  name: "test-quota",
  resources: new Set(["/pods"]),
  admit(_, object, { operation, namespace = "" }) {
    if (operation !== "create" || !full.has(namespace)) return object;
    throw new StatusError("Forbidden", `pods "${object.metadata.generateName}x" is forbidden: exceeded quota: small`);
  },
};

beforeAll(async () => {
  const volumes = { path: "/volumes", remove: (path: string) => Promise.resolve(void removed.push(path)) };
  engine = await TestEngine.start({ volumes, admitters: [quota] });
});
afterAll(() => engine[Symbol.asyncDispose]());

/** A namespace of its own for each test, with its account. */
async function namespace(): Promise<string> {
  const name = `test-${++count}`;
  await engine.client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name }, spec: {} });
  await engine.find(serviceaccounts, `${name}/default`);
  return name;
}

async function deploy(namespace: string, image = "shop:1", spec: Partial<Deployment["spec"]> = {}): Promise<string> {
  await engine.client.create(deployments, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "shop", namespace },
    spec: { replicas: 3, selector: { matchLabels: { app: "shop" } }, template: template(image), ...spec },
  });
  return `${namespace}/shop`;
}

const patch = (namespace: string, body: object) =>
  engine.client.patch(deployments, "shop", namespace, { type: "strategic", body });
const setImage = (namespace: string, image: string) =>
  patch(namespace, { spec: { template: { spec: { containers: [{ name: "main", image }] } } } });

const condition = (of: Deployment, type: string) => of.status?.conditions?.find((each) => each.type === type);
const isComplete = ({ metadata, spec, status }: Deployment): boolean =>
  status?.observedGeneration === metadata.generation &&
  condition({ metadata, spec, status } as Deployment, "Progressing")?.reason === "NewReplicaSetAvailable" &&
  (status?.updatedReplicas ?? 0) === spec.replicas &&
  (status?.replicas ?? 0) === spec.replicas;

const setsOf = async (namespace: string): Promise<readonly ReplicaSet[]> =>
  (await engine.client.list(replicasets, { namespace })).items;
const podsOf = async (namespace: string): Promise<readonly Pod[]> =>
  (await engine.client.list(pods, { namespace })).items.filter((pod) => pod.metadata.deletionTimestamp === undefined);

test("a Deployment rolls out, rolls on, and comes back", async () => {
  const ns = await namespace();
  const key = await deploy(ns);
  await engine.find(deployments, key, isComplete);
  await setImage(ns, "shop:2");
  const second = await engine.find(deployments, key, (d) => d.metadata.generation === 2 && isComplete(d));
  expect(second.metadata.annotations).toMatchObject({ "deployment.kubernetes.io/revision": "2" });
  expect((await podsOf(ns)).map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(3).fill("shop:2"));
  await setImage(ns, "shop:1");
  const third = await engine.find(deployments, key, (d) => d.metadata.generation === 3 && isComplete(d));
  expect(third.metadata.annotations).toMatchObject({ "deployment.kubernetes.io/revision": "3" });
  const sets = await setsOf(ns);
  expect(
    sets.map(({ spec, metadata }) => [
      spec.replicas,
      metadata.annotations?.["deployment.kubernetes.io/revision-history"],
    ]),
  ).toEqual(
    expect.arrayContaining([
      [3, "1"],
      [0, undefined],
    ]),
  );
});

test("while it rolls with maxUnavailable 0 enough pods are ready in the Service at every moment", async () => {
  const ns = await namespace();
  await engine.client.create(services, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "shop", namespace: ns },
    spec: { selector: { app: "shop" }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  const key = await deploy(ns, "shop:1", { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
  await engine.find(deployments, key, isComplete);
  const ready: number[] = [];
  const own = engine.informers.of(endpointslices);
  const readyIn = (slice: EndpointSlice): number =>
    (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready).length;
  await own.synced;
  const slices = (): readonly EndpointSlice[] => own.inNamespace(ns);
  await own.until(keyOf(slices()[0]!), (slice) => slice !== undefined && readyIn(slice) === 3);
  using _ = own.onChange((slice) => {
    if (slice?.metadata.namespace === ns) ready.push(slices().reduce((sum, each) => sum + readyIn(each), 0));
  });
  await setImage(ns, "shop:2");
  await engine.find(deployments, key, (d) => d.metadata.generation === 2 && isComplete(d));
  expect(Math.min(...ready)).toBe(3);
});

test("goes back to a revision that an annotation asks for", async () => {
  const ns = await namespace();
  const key = await deploy(ns);
  await engine.find(deployments, key, isComplete);
  await setImage(ns, "shop:2");
  await engine.find(deployments, key, (d) => d.metadata.generation === 2 && isComplete(d));
  await patch(ns, { metadata: { annotations: { "deprecated.deployment.rollback.to": "1" } } });
  const back = await engine.find(
    deployments,
    key,
    (d) => d.spec.template.spec?.containers[0]?.image === "shop:1" && isComplete(d),
  );
  expect(back.metadata.annotations).toEqual({ "deployment.kubernetes.io/revision": "3" });
  const about = { namespace: ns, fieldSelector: "reason=DeploymentRollback" };
  await expect
    .poll(async () => (await engine.client.list(events, about)).items.map(({ message }) => message))
    .toEqual(['Rolled back deployment "shop" to revision 1']);
});

test("a pod that is lost and replaced is progress", async () => {
  const ns = await namespace();
  const key = await deploy(ns, "notready:1");
  await engine.find(deployments, key, ({ status }) => status?.replicas === 3);
  await patch(ns, { spec: { paused: true } });
  await engine.find(deployments, key, (d) => condition(d, "Progressing")?.reason === "DeploymentPaused");
  await patch(ns, { spec: { paused: false } });
  await engine.find(deployments, key, (d) => condition(d, "Progressing")?.reason === "DeploymentResumed");
  const [lost] = await podsOf(ns);
  await engine.client.delete(pods, lost!.metadata.name, ns);
  await engine.find(deployments, key, (d) => condition(d, "Progressing")?.reason === "ReplicaSetUpdated");
});

test("a rollout that cannot succeed is stuck, says why, and heals", async () => {
  const ns = await namespace();
  const key = await deploy(ns);
  await engine.find(deployments, key, isComplete);
  await setImage(ns, "missing:1");
  const stuck = await engine.find(deployments, key, (d) => condition(d, "Stuck") !== undefined);
  expect(condition(stuck, "Stuck")).toMatchObject({ status: "True", reason: "ImageNotFound" });
  expect(condition(stuck, "Stuck")?.message).toContain(`kubectl rollout undo deployment/shop -n ${ns}`);
  const about = { namespace: ns, fieldSelector: "reason=Stuck" };
  await expect.poll(async () => (await engine.client.list(events, about)).items.length).toBe(1);
  await setImage(ns, "shop:1");
  const healed = await engine.find(deployments, key, (d) => d.metadata.generation === 3 && isComplete(d));
  expect(condition(healed, "Stuck")).toBeUndefined();
});

test("a pod that is not ready makes nothing stuck", async () => {
  const ns = await namespace();
  const key = await deploy(ns, "notready:1");
  const waiting = await engine.find(
    deployments,
    key,
    ({ status }) => status?.unavailableReplicas === 3 && status.replicas === 3,
  );
  expect(condition(waiting, "Stuck")).toBeUndefined();
});

test("a set that may not create pods says so, tries again, and recovers", async () => {
  const ns = await namespace();
  full.add(ns);
  const key = await deploy(ns);
  const refused = await engine.find(deployments, key, (d) => condition(d, "Stuck") !== undefined);
  const message = expect.stringMatching(/^pods "shop-.*" is forbidden: exceeded quota: small$/) as string;
  expect(condition(refused, "ReplicaFailure")).toMatchObject({ status: "True", reason: "FailedCreate", message });
  expect(condition(refused, "Stuck")).toMatchObject({ reason: "QuotaExceeded" });
  const about = { namespace: ns, fieldSelector: "reason=FailedCreate" };
  await expect
    .poll(async () => (await engine.client.list(events, about)).items[0]?.message)
    .toMatch(/^Error creating: pods /);
  full.delete(ns);
  const healed = await engine.find(deployments, key, isComplete);
  expect(healed.status?.conditions?.map(({ type }) => type).sort()).toEqual(["Available", "Progressing"]);
});

test("what everybody has written is left alone when the controllers start again", async () => {
  const ns = await namespace();
  const key = await deploy(ns);
  await engine.find(deployments, key, isComplete);
  const { client, running } = engine;
  const versions = async (): Promise<readonly string[]> => {
    const lists = await Promise.all(
      [deployments, replicasets, pods].map((resource) => client.list<KubeObject>(resource, { namespace: ns })),
    );
    return lists.flatMap(({ items }) => items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`));
  };
  const before = await versions();
  const { types, pki } = running;
  const options = {
    client,
    types,
    ca: pki.ca,
    host: "other",
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  };
  const others = await ControllerManager.start(options);
  await others[Symbol.asyncDispose]();
  expect(await versions()).toEqual(before);
});

test("a set adopts and releases pods", async () => {
  const ns = await namespace();
  const labels = { app: "free" };
  const orphan = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "orphan", namespace: ns, labels },
    spec: { containers: [{ name: "main", image: "shop:1" }] },
  } as const;
  await engine.client.create(pods, orphan);
  await engine.client.create(replicasets, {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "free", namespace: ns },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: template("shop:1", labels) },
  });
  await engine.find(pods, `${ns}/orphan`, ({ metadata }) => metadata.ownerReferences?.[0]?.name === "free");
  await engine.find(replicasets, `${ns}/free`, ({ status }) => status?.readyReplicas === 2);
  expect(await podsOf(ns)).toHaveLength(2);
  await engine.client.patch(pods, "orphan", ns, { type: "merge", body: { metadata: { labels: { app: "away" } } } });
  await engine.find(pods, `${ns}/orphan`, ({ metadata }) => !metadata.ownerReferences?.length);
  await expect.poll(async () => (await podsOf(ns)).length).toBe(3);
});

test.each(["Background", "Foreground"] as const)(
  "what a Deployment owns goes with it: %s",
  async (propagationPolicy) => {
    const ns = await namespace();
    const key = await deploy(ns);
    await engine.find(deployments, key, isComplete);
    const [set] = await setsOf(ns);
    await engine.client.delete(deployments, "shop", ns, { propagationPolicy });
    await engine.gone(deployments, key);
    await engine.gone(replicasets, keyOf(set!));
    await expect.poll(async () => (await engine.client.list(pods, { namespace: ns })).items.length).toBe(0);
  },
);

test("orphans stay, and are adopted by the next Deployment", async () => {
  const ns = await namespace();
  const key = await deploy(ns);
  await engine.find(deployments, key, isComplete);
  const [set] = await setsOf(ns);
  await engine.client.delete(deployments, "shop", ns, { propagationPolicy: "Orphan" });
  await engine.gone(deployments, key);
  await engine.find(replicasets, keyOf(set!), ({ metadata }) => !metadata.ownerReferences?.length);
  await deploy(ns);
  const adopted = await engine.find(
    replicasets,
    keyOf(set!),
    ({ metadata }) => metadata.ownerReferences?.[0]?.name === "shop",
  );
  expect(adopted.metadata.uid).toBe(set?.metadata.uid);
  await engine.find(deployments, key, isComplete);
});

test("a namespace goes with everything in it, and says what holds it", async () => {
  const ns = await namespace();
  const key = await deploy(ns);
  await engine.find(deployments, key, isComplete);
  const held = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "held", namespace: ns, finalizers: ["example.com/hold"] },
  } as const;
  await engine.client.create(configmaps, held);
  await engine.client.delete(namespaces, ns);
  const remaining = ({ type, message }: { readonly type: string; readonly message?: string }): boolean =>
    type === "NamespaceContentRemaining" &&
    message === "Some resources are remaining: configmaps. has 1 resource instances";
  await engine.find(namespaces, ns, ({ status }) => status?.conditions?.some(remaining) === true);
  await engine.client.patch(configmaps, "held", ns, { type: "merge", body: { metadata: { finalizers: null } } });
  await engine.gone(namespaces, ns);
  expect(await engine.client.list(pods, { namespace: ns })).toMatchObject({ items: [] });
});

test("every namespace has its account and its certificate, also again", async () => {
  const ns = await namespace();
  const first = await engine.find(serviceaccounts, `${ns}/default`);
  await engine.client.delete(serviceaccounts, "default", ns);
  await engine.find(serviceaccounts, `${ns}/default`, ({ metadata }) => metadata.uid !== first.metadata.uid);
  await engine.client.patch(configmaps, "kube-root-ca.crt", ns, { type: "merge", body: { data: { "ca.crt": "x" } } });
  const { pki } = engine.running;
  await engine.find(configmaps, `${ns}/kube-root-ca.crt`, ({ data }) => data?.["ca.crt"] === pki.ca);
});

test("endpoints follow readiness and deletion", async () => {
  const ns = await namespace();
  await engine.client.create(services, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "shop", namespace: ns },
    spec: { selector: { app: "shop" }, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  });
  for (const [name, image] of [
    ["good", "shop:1"],
    ["slow", "notready:1"],
  ] as const)
    await engine.client.create(pods, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: ns, labels: { app: "shop" } },
      spec: { containers: [{ name: "main", image }] },
    });
  const mirrored = await engine.find(
    endpoints,
    `${ns}/shop`,
    ({ subsets = [] }) => subsets[0]?.addresses?.length === 1 && subsets[0].notReadyAddresses?.length === 1,
  );
  expect(mirrored.subsets?.[0]?.ports).toEqual([{ name: "http", port: 8080, protocol: "TCP" }]);
  await engine.client.delete(services, "shop", ns);
  await engine.gone(endpoints, `${ns}/shop`);
  await expect.poll(async () => (await engine.client.list(endpointslices, { namespace: ns })).items.length).toBe(0);
});

test("slices show what is written into the Endpoints of a Service without a selector", async () => {
  const ns = await namespace();
  const metadata = { name: "far", namespace: ns };
  await engine.client.create(services, {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { ports: [{ port: 80 }] },
  });
  await engine.client.create(endpoints, {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata,
    subsets: [{ addresses: [{ ip: "192.0.2.1" }], ports: [{ port: 8080 }] }],
  });
  const mirrors = async (): Promise<readonly EndpointSlice[]> =>
    (await engine.client.list(endpointslices, { namespace: ns })).items;
  await expect
    .poll(async () => (await mirrors()).map(({ endpoints }) => endpoints?.[0]?.addresses))
    .toEqual([["192.0.2.1"]]);
  await engine.client.delete(services, "far", ns);
  await engine.gone(endpoints, `${ns}/far`);
  await expect.poll(mirrors).toEqual([]);
});

test("a pod that no node takes is told so, and placed as soon as one does", async () => {
  const ns = await namespace();
  await engine.client.create(pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "picky", namespace: ns },
    spec: { nodeSelector: { disk: ns }, containers: [{ name: "main", image: "shop:1" }] },
  });
  const refused = await engine.find(
    pods,
    `${ns}/picky`,
    ({ status }) => status?.conditions?.[0]?.reason === "Unschedulable",
  );
  expect(refused.status?.conditions?.[0]?.message).toMatch(
    /^0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector\./,
  );
  await engine.client.patch(nodes, "node-0", undefined, {
    type: "merge",
    body: { metadata: { labels: { disk: ns } } },
  });
  await engine.find(
    pods,
    `${ns}/picky`,
    ({ spec, status }) => spec.nodeName === "node-0" && status?.phase === "Running",
  );
});

test("a claim gets a directory of its own, which goes with it, but not while a pod uses it", async () => {
  const ns = await namespace();
  await engine.client.create(persistentvolumeclaims, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace: ns, finalizers: ["kubernetes.io/pvc-protection"] },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });
  await engine.client.create(pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "user", namespace: ns },
    spec: {
      volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }],
      containers: [{ name: "main", image: "shop:1" }],
    },
  });
  const claim = await engine.find(persistentvolumeclaims, `${ns}/data`, ({ status }) => status?.phase === "Bound");
  const name = `pvc-${claim.metadata.uid}`;
  const path = `/volumes/${ns}_data_${name}`;
  expect(claim.spec).toMatchObject({ storageClassName: "sluice", volumeName: name });
  await engine.find(
    persistentvolumes,
    name,
    ({ status, spec }) => status?.phase === "Bound" && spec.hostPath?.path === path,
  );
  await engine.find(pods, `${ns}/user`, ({ status }) => status?.phase === "Running");
  await engine.client.delete(persistentvolumeclaims, "data", ns);
  await engine.find(persistentvolumeclaims, `${ns}/data`, ({ metadata }) => metadata.deletionTimestamp !== undefined);
  expect(removed).not.toContain(path);
  await engine.client.delete(pods, "user", ns);
  await engine.gone(persistentvolumeclaims, `${ns}/data`);
  await engine.gone(persistentvolumes, name);
  expect(removed).toContain(path);
});

/** A mesh worker that reports itself. */
async function report(name: string, status: NonNullable<MeshWorker["status"]>): Promise<void> {
  const identity = { apiVersion: "sluice.dev/v1alpha1", kind: "MeshWorker", metadata: { name } } as const;
  const body = {
    ...identity,
    status: { renewTime: formatMicroTimestamp(systemClock.now()), leaseSeconds: 600, ...status },
  };
  const options = { fieldManager: name, force: true } as const;
  await engine.client.patch(meshworkers, name, undefined, { type: "apply", body: identity }, options);
  await engine.client.patch(
    meshworkers,
    name,
    undefined,
    { type: "apply", body },
    { ...options, subresource: "status" },
  );
}

test("a route is programmed when every worker has it in force, and refused ports are told", async () => {
  const ns = await namespace();
  await engine.client.create(services, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "shop", namespace: ns },
    spec: { selector: { app: "shop" }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await report("mesh-1", { applied: { httproutes: "0" } });
  await report("mesh-2", { applied: { httproutes: "0" } });
  await engine.client.create(httproutes, {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "shop", namespace: ns },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "shop" }],
      rules: [{ backendRefs: [{ name: "shop", port: 80 }] }],
    },
  });
  const says = (type: string, status: string) => (route: HTTPRoute) =>
    route.status?.parents[0]?.conditions.some((each) => each.type === type && each.status === status) === true;
  await engine.find(httproutes, `${ns}/shop`, says("Accepted", "True"));
  const waiting = await engine.find(httproutes, `${ns}/shop`, says("Programmed", "False"));
  expect(waiting.status?.parents[0]?.controllerName).toBe("sluice.dev/mesh");
  await report("mesh-1", { applied: { httproutes: "999999" } });
  await report("mesh-2", { applied: { httproutes: "999999" } });
  await engine.find(httproutes, `${ns}/shop`, says("Programmed", "True"));
  const refused = [{ namespace: ns, service: "shop", port: 80, reason: "EACCES", message: "only for root" }];
  await report("mesh-2", { applied: { httproutes: "999999" }, refused });
  await engine.find(
    services,
    `${ns}/shop`,
    ({ status }) => status?.conditions?.[0]?.message === "port 80: only for root",
  );
});

test("a role that is made of others has their rules, also of one that comes later", async () => {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const labels = { "rbac.authorization.k8s.io/aggregate-to-view": "true" };
  const rules = [{ verbs: ["get"], apiGroups: ["example.com"], resources: ["things"] }];
  await engine.client.create(clusterroles, { apiVersion, kind: "ClusterRole", metadata: { name: "a", labels }, rules });
  const has = (role: ClusterRole): boolean =>
    Boolean(role.rules?.some(({ resources }) => resources?.includes("things")));
  await engine.find(clusterroles, "admin", has);
});
