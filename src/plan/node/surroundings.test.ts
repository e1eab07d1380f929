import { describe, expect, test } from "vitest";
import { container, pod, type PodChange } from "../../../test/support/fixtures/pods.ts";
import { at, EPOCH, meta } from "../../../test/support/fixtures/workloads.ts";
import type { ConfigMap, Container, EnvVar, Secret, Service, Volume } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { containerCommand, containerIdentity, type ImageDefaults } from "./container-command.ts";
import { DRAIN_TIMEOUT, haveReported, isDrained, type MeshProcess, namesPod } from "./drain.ts";
import { containerEnvironment } from "./environment.ts";
import { expand } from "./expansion.ts";
import { hostsFile } from "./hosts-file.ts";
import { countProbe, initialProbeState, nextProbeDelay, type ProbeOutcome } from "./probe-state.ts";
import { volumeFiles } from "./volume-files.ts";

const configMap: ConfigMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: meta("cfg"),
  data: { a: "1", "b.txt": "two" },
  binaryData: { bin: "AAE=" },
};
const secret: Secret = { apiVersion: "v1", kind: "Secret", metadata: meta("sec"), data: { key: "czNjcmV0" } };
const sources = {
  configMap: (name: string) => (name === "cfg" ? configMap : undefined),
  secret: (name: string) => (name === "sec" ? secret : undefined),
};
const service = (name: string, namespace: string, spec: Service["spec"]): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: meta(name, { namespace }),
  spec,
});
const shop = service("my-shop", "default", {
  clusterIP: "127.64.0.7",
  ports: [
    { name: "http", port: 80, protocol: "TCP" },
    { port: 53, protocol: "UDP" },
  ],
});
const api = service("kubernetes", "default", { clusterIP: "127.64.0.1", ports: [{ name: "https", port: 443 }] });
const place = { hostIP: "127.0.0.1", podIP: "127.64.128.9", allocatable: { cpu: "2", memory: "1Gi" } };

describe("expand", () => {
  test.each([
    ["plain", "plain"],
    ["$(A)", "1"],
    ["x$(A)y$(A)", "x1y1"],
    ["$(NO)", "$(NO)"],
    ["$$(A)", "$(A)"],
    ["$$$(A)", "$1"],
    ["$A ${A} $", "$A ${A} $"],
    ["$(A", "$(A"],
    ["$()", "$()"],
  ])("%s → %s", (text, want) => expect(expand(text, (name) => ({ A: "1" })[name])).toBe(want));
});

const environment = (
  change: Partial<Container>,
  more: { services?: Service[]; imageEnv?: string[]; pod?: PodChange } = {},
) =>
  containerEnvironment({
    ...place,
    pod: pod(more.pod),
    container: container(change),
    sources,
    services: more.services ?? [],
    imageEnv: more.imageEnv ?? [],
    hostname: "shop-1",
  });
const env = (...all: EnvVar[]) => ({ env: all });

describe("the environment of a container", () => {
  test("tells where to listen", () => {
    expect(environment({})).toEqual({ HOST: "127.64.128.9", PORT: "8080", HOSTNAME: "shop-1" });
    expect(environment({ ports: [{ containerPort: 9000 }, { containerPort: 1 }] })["PORT"]).toBe("9000");
    expect(environment(env({ name: "PORT", value: "1" }), { imageEnv: ["HOST=0.0.0.0"] })).toMatchObject({
      PORT: "1",
      HOST: "0.0.0.0",
    });
  });

  test.each<[string, Partial<Container>, Record<string, string>]>([
    ["values", env({ name: "A", value: "1" }, { name: "B", value: "$(A)$(A) $(HOSTX)" }), { A: "1", B: "11 $(HOSTX)" }],
    ["an empty value", env({ name: "A" }), { A: "" }],
    ["the last of two", env({ name: "A", value: "1" }, { name: "A", value: "$(A)2" }), { A: "12" }],
    [
      "a config map's key",
      env({ name: "A", valueFrom: { configMapKeyRef: { name: "cfg", key: "b.txt" } } }),
      { A: "two" },
    ],
    ["a secret's key", env({ name: "A", valueFrom: { secretKeyRef: { name: "sec", key: "key" } } }), { A: "s3cret" }],
    [
      "everything of a config map",
      { envFrom: [{ prefix: "P_", configMapRef: { name: "cfg" } }] },
      { P_a: "1", "P_b.txt": "two" },
    ],
    [
      "everything of a secret",
      { envFrom: [{ secretRef: { name: "sec" } }], env: [{ name: "B", value: "$(key)" }] },
      { key: "s3cret", B: "s3cret" },
    ],
    [
      "env over envFrom",
      { envFrom: [{ configMapRef: { name: "cfg" } }], ...env({ name: "a", value: "own" }) },
      { a: "own" },
    ],
    [
      "fields",
      env(
        { name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: "B", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
        { name: "C", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      ),
      { A: "shop", B: "127.64.128.9", C: "shop-1" },
    ],
    [
      "limits, rounded up",
      {
        resources: { limits: { cpu: "1500m", memory: "100Mi" } },
        ...env(
          { name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
          { name: "B", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
          { name: "C", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } } },
        ),
      },
      { A: "2", B: "100", C: "1500" },
    ],
    [
      "what the node has, without limits",
      env(
        { name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
        { name: "B", valueFrom: { resourceFieldRef: { resource: "requests.memory" } } },
      ),
      { A: "2", B: "0" },
    ],
  ])("has %s", (_, change, want) =>
    expect(environment(change, { pod: { metadata: { labels: { app: "shop" } } } })).toMatchObject(want),
  );

  test("leaves out what is optional and not there", () => {
    const change = {
      envFrom: [{ configMapRef: { name: "no", optional: true } }, { secretRef: { name: "no", optional: true } }],
      ...env(
        { name: "A", valueFrom: { configMapKeyRef: { name: "cfg", key: "no", optional: true } } },
        { name: "B", valueFrom: { secretKeyRef: { name: "no", key: "no", optional: true } } },
      ),
    };
    expect(Object.keys(environment(change))).toEqual(["HOST", "PORT", "HOSTNAME"]);
  });

  test.each<[Partial<Container>, string]>([
    [{ envFrom: [{ configMapRef: { name: "no" } }] }, 'configmap "no" not found'],
    [{ envFrom: [{ secretRef: { name: "no" } }] }, 'secret "no" not found'],
    [env({ name: "A", valueFrom: { configMapKeyRef: { name: "no", key: "k" } } }), 'configmap "no" not found'],
    [
      env({ name: "A", valueFrom: { configMapKeyRef: { name: "cfg", key: "k" } } }),
      "couldn't find key k in ConfigMap default/cfg",
    ],
    [env({ name: "A", valueFrom: { secretKeyRef: { name: "no", key: "k" } } }), 'secret "no" not found'],
    [
      env({ name: "A", valueFrom: { secretKeyRef: { name: "sec", key: "k" } } }),
      "couldn't find key k in Secret default/sec",
    ],
    [env({ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.x" } } }), "unsupported fieldPath: spec.x"],
  ])("%j cannot be made", (change, message) => expect(() => environment(change)).toThrow(message));

  test("names Services as Docker's links did", () => {
    expect(
      environment(env({ name: "U", value: "$(MY_SHOP_PORT)" }), {
        services: [shop, service("headless", "default", { clusterIP: "None" })],
      }),
    ).toMatchObject({
      MY_SHOP_SERVICE_HOST: "127.64.0.7",
      MY_SHOP_SERVICE_PORT: "80",
      MY_SHOP_SERVICE_PORT_HTTP: "80",
      MY_SHOP_PORT: "tcp://127.64.0.7:80",
      MY_SHOP_PORT_80_TCP: "tcp://127.64.0.7:80",
      MY_SHOP_PORT_80_TCP_PROTO: "tcp",
      MY_SHOP_PORT_80_TCP_PORT: "80",
      MY_SHOP_PORT_80_TCP_ADDR: "127.64.0.7",
      MY_SHOP_PORT_53_UDP: "udp://127.64.0.7:53",
      U: "tcp://127.64.0.7:80",
    });
  });

  test("without service links only the API is named", () => {
    const names = Object.keys(environment({}, { services: [shop, api], pod: { spec: { enableServiceLinks: false } } }));
    expect(names).toContain("KUBERNETES_SERVICE_HOST");
    expect(names.some((name) => name.startsWith("MY_SHOP"))).toBe(false);
  });
});

describe("the command of a container", () => {
  const image: ImageDefaults = { Entrypoint: ["entry"], Cmd: ["cmd"] };
  test.each<[string, Partial<Container>, ImageDefaults, string[]]>([
    ["the image's", {}, image, ["entry", "cmd"]],
    ["args replace the image's", { args: ["a"] }, image, ["entry", "a"]],
    ["a command replaces both", { command: ["c"] }, image, ["c"]],
    ["command and args", { command: ["c"], args: ["$(A)", "$$(A)"] }, image, ["c", "1", "$(A)"]],
    ["only a CMD", {}, { Cmd: ["cmd"] }, ["cmd"]],
  ])("%s", (_, change, of, want) => expect(containerCommand(container(change), of, { A: "1" })).toEqual(want));
  test("nothing to run", () => expect(() => containerCommand(container(), {}, {})).toThrow("no command specified"));
});

describe("the user of a container", () => {
  const identity = (image: string, of: object = {}, whole: object = {}) =>
    containerIdentity(pod({ spec: { securityContext: whole } }), container({ securityContext: of }), { User: image });
  test.each([
    [identity(""), { user: "0" }],
    [identity("node:staff"), { user: "node", group: "staff" }],
    [identity("node", { runAsUser: 5 }), { user: "5" }],
    [identity("node", { runAsUser: 5 }, { runAsUser: 6, runAsGroup: 7 }), { user: "5", group: "7" }],
  ])("%#", (got, want) => expect(got).toEqual(want));
  test.each([
    ["", {}, "container has runAsNonRoot and image will run as root"],
    [
      "node",
      {},
      "container has runAsNonRoot and image has non-numeric user (node), cannot verify user is non-root (container: main)",
    ],
    ["5", { runAsUser: 0 }, "container's runAsUser breaks non-root policy"],
  ])("root is refused: %j %j", (image, of, message) =>
    expect(() => identity(image, of, { runAsNonRoot: true })).toThrow(message),
  );
  test("a user other than root is allowed", () =>
    expect(identity("5", {}, { runAsNonRoot: true })).toEqual({ user: "5" }));
});

describe("the files of a volume", () => {
  const files = (volume: Omit<Volume, "name">) =>
    volumeFiles(
      { name: "v", ...volume },
      {
        ...place,
        pod: pod({ metadata: { labels: { b: "2", a: 'q"' } } }),
        sources,
        token: ({ audience }) => `token for ${audience ?? "api"}`,
      },
    );
  const text = (content: string, mode = 0o644) => ({ content, encoding: "utf8", mode });
  test.each<[string, Omit<Volume, "name">, object | undefined]>([
    [
      "a config map",
      { configMap: { name: "cfg", defaultMode: 0o600 } },
      { a: text("1", 0o600), "b.txt": text("two", 0o600), bin: { content: "AAE=", encoding: "base64", mode: 0o600 } },
    ],
    [
      "some keys of it",
      { configMap: { name: "cfg", items: [{ key: "a", path: "x/y", mode: 0o400 }] } },
      { "x/y": text("1", 0o400) },
    ],
    ["an optional one that is not there", { configMap: { name: "no", optional: true } }, {}],
    ["a secret", { secret: { secretName: "sec" } }, { key: { content: "czNjcmV0", encoding: "base64", mode: 0o644 } }],
    [
      "fields",
      { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
      { labels: text('a="q\\""\nb="2"') },
    ],
    [
      "limits",
      {
        downwardAPI: { items: [{ path: "cpu", resourceFieldRef: { containerName: "main", resource: "limits.cpu" } }] },
      },
      { cpu: text("2") },
    ],
    [
      "several sources",
      {
        projected: {
          sources: [
            { serviceAccountToken: { path: "token" } },
            { configMap: { name: "cfg", items: [{ key: "a", path: "ca" }] } },
          ],
        },
      },
      { token: text("token for api"), ca: text("1") },
    ],
    ["another sort", { emptyDir: {} }, undefined],
  ])("%s", (_, volume, want) => expect(files(volume)).toEqual(want));
  test.each<[Omit<Volume, "name">, string]>([
    [{ configMap: { name: "no" } }, 'configmap "no" not found'],
    [{ secret: { secretName: "no" } }, 'secret "no" not found'],
    [
      { configMap: { name: "cfg", items: [{ key: "k", path: "p" }] } },
      "configmap references non-existent config key: k",
    ],
    [{ secret: { secretName: "sec", items: [{ key: "k", path: "p" }] } }, "references non-existent secret key: k"],
    [
      { projected: { sources: [{ clusterTrustBundle: { path: "p" } }] } },
      "projected volume source clusterTrustBundle is not supported",
    ],
  ])("%j cannot be set up", (volume, message) => expect(() => files(volume)).toThrow(message));
});

describe("the hosts file", () => {
  const slice = (name: string, addresses: string[], ready = true): EndpointSlice => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: meta(`${name}-x`, { labels: { "kubernetes.io/service-name": name } }),
    addressType: "IPv4",
    endpoints: [{ addresses, conditions: { ready } }],
    ports: [],
  });
  test("names the pod and every Service", () => {
    const services = [
      shop,
      service("far", "other", { clusterIP: "127.64.0.8" }),
      service("out", "default", { type: "ExternalName", externalName: "x" }),
      service("all", "default", { clusterIP: "None" }),
    ];
    const slices = [slice("all", ["127.64.128.2", "127.64.128.1"]), slice("all", ["127.64.128.3"], false)];
    const text = hostsFile(
      pod({ spec: { subdomain: "sub", hostAliases: [{ ip: "10.0.0.1", hostnames: ["x", "y"] }] } }),
      "127.64.128.9",
      "shop-1",
      { services, slices },
    );
    expect(text.split("\n").slice(3)).toEqual([
      "127.64.128.9\tshop-1.sub.default.svc.cluster.local\tshop-1",
      "127.64.0.7\tmy-shop my-shop.default.svc.cluster.local my-shop.default.svc my-shop.default",
      "127.64.0.8\tfar.other.svc.cluster.local far.other.svc far.other",
      "127.64.128.1\tall all.default.svc.cluster.local all.default.svc all.default",
      "127.64.128.2\tall all.default.svc.cluster.local all.default.svc all.default",
      "10.0.0.1\tx\ty",
      "",
    ]);
  });
});

describe("the drain", () => {
  const slice = (version: string, ready: boolean | undefined, uid = "uid-shop-1"): EndpointSlice => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: meta("s", { resourceVersion: version }),
    addressType: "IPv4",
    endpoints: [
      {
        addresses: ["127.64.128.1"],
        conditions: ready === undefined ? {} : { ready },
        targetRef: { kind: "Pod", uid },
      },
    ],
    ports: [],
  });
  const worker = (applied: string, change: object = {}): MeshWorker => ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "MeshWorker",
    metadata: meta("mesh-1"),
    status: { renewTime: at(0), leaseSeconds: 2, applied: { endpointslices: applied }, ...change },
  });
  const drained = (
    slices: (EndpointSlice | undefined)[],
    workers: MeshWorker[],
    ms = 1000,
    { since = 0, processes = [] }: { since?: number; processes?: MeshProcess[] } = {},
  ) =>
    isDrained({ pod: pod(), podIP: "127.64.128.1", slices, since, workers }, EPOCH + ms) &&
    haveReported(processes, workers);
  const running = (...pids: number[]) => ({ processes: pids.map((pid) => ({ name: "mesh-1", pid })) });
  test.each<[string, boolean, boolean]>([
    ["the slice still sends it requests", drained([slice("9", true)], [worker("99")]), false],
    ["a slice that does not say counts as one that does", drained([slice("9", undefined)], [worker("99")]), false],
    ["a worker has not heard", drained([slice("9", false)], [worker("9"), worker("8")]), false],
    ["numbers are compared as numbers", drained([slice("100", false)], [worker("99")]), false],
    ["all have heard", drained([slice("9", false)], [worker("9"), worker("10")]), true],
    [
      "requests are in flight",
      drained([slice("9", false)], [worker("9", { draining: [{ address: "127.64.128.1", requests: 1 }] })]),
      false,
    ],
    [
      "requests of others do not matter",
      drained([slice("9", false)], [worker("9", { draining: [{ address: "127.64.128.2", requests: 1 }] })]),
      true,
    ],
    ["a dead worker does not count", drained([slice("9", false)], [worker("1")], 2000), true],
    [
      "a worker that never reported does not count",
      drained([slice("9", false)], [worker("1", { renewTime: undefined })]),
      true,
    ],
    ["no worker", drained([slice("9", false)], []), true],
    ["no slice", drained([], [worker("1")]), true],
    ["the slice is gone", drained([undefined], [worker("1")]), true],
    ["a worker has not seen the newest slice", drained([], [worker("1")], 1000, { since: 2 }), false],
    ["it has", drained([], [worker("2")], 1000, { since: 2 }), true],
    ["a worker runs that the API does not know yet", drained([slice("9", false)], [], 1000, running(7)), false],
    ["it has reported", drained([slice("9", false)], [worker("9", { pid: 7 })], 1000, running(7)), true],
    ["only its predecessor has", drained([slice("9", false)], [worker("9", { pid: 6 })], 1000, running(7)), false],
    ["it has, but not for long", drained([slice("9", false)], [worker("1", { pid: 7 })], 2000, running(7)), true],
  ])("%s", (_, got, want) => expect(got).toBe(want));
  test("takes five seconds at most", () => expect(DRAIN_TIMEOUT).toBe(5000));
  test("another pod's endpoint is not ours", () =>
    expect(namesPod(slice("1", true, "other"), pod(), "127.64.128.1")).toBe(false));
});

describe("probes", () => {
  const run = (kind: "startup" | "liveness" | "readiness", outcomes: ProbeOutcome[], probe = {}) =>
    outcomes.reduce((state, outcome) => countProbe(state, outcome, probe), initialProbeState(kind)).verdict;
  const [s, f, u] = ["success", "failure", "unknown"] as const;
  test.each([
    [run("startup", []), u],
    [run("liveness", []), s],
    [run("readiness", []), f],
    [run("readiness", [s]), s],
    [run("readiness", [s, f, f]), s],
    [run("readiness", [s, f, f, f]), f],
    [run("readiness", [s, f, f, s, f, f]), s],
    [run("readiness", [s, f, u, f, u, f]), f],
    [run("readiness", [s], { successThreshold: 2 }), f],
    [run("readiness", [s, s], { successThreshold: 2 }), s],
    [run("liveness", [f], { failureThreshold: 1 }), f],
  ])("%#", (got, want) => expect(got).toBe(want));

  test("eager probes count only when they succeed", () => {
    const start = initialProbeState("startup");
    expect(countProbe(start, "failure", { failureThreshold: 1 }, true)).toBe(start);
    expect(countProbe(start, "success", {}, true).verdict).toBe("success");
  });

  test("until the first success it is looked more often", () => {
    const start = initialProbeState("readiness");
    expect([0, 1, 2, 3, 20].map((n) => nextProbeDelay("readiness", start, n, 10_000))).toEqual([
      25, 50, 100, 200, 10_000,
    ]);
    expect(nextProbeDelay("readiness", countProbe(start, "success", {}), 0, 10_000)).toBe(10_000);
    expect(nextProbeDelay("liveness", initialProbeState("liveness"), 0, 10_000)).toBe(10_000);
  });
});
