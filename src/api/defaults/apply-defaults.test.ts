import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { decodeValue } from "../decode/decode-object.ts";
import type { Unstructured } from "../object.ts";
import { prepareForCreate } from "../strategy/prepare.ts";
import { builtinTypes } from "../table/builtin.ts";
import type { KindInfo } from "../table/type-table.ts";
import { applyDefaults } from "./apply-defaults.ts";

const types = builtinTypes();

function kind(apiVersion: string, name: string): KindInfo {
  const info = types.findKind(apiVersion, name);
  if (!info) throw new Error(`no kind ${apiVersion} ${name}`);
  return info;
}

function filled(apiVersion: string, name: string, value: JsonObject): Unstructured {
  const info = kind(apiVersion, name);
  return applyDefaults(info, decodeValue(info, value).object);
}

interface Recorded {
  name: string;
  status: number;
  input: JsonObject & { apiVersion: string; kind: string };
  stored: Unstructured;
}
const { cases } = JSON.parse(
  readFileSync(new URL("../../../test/testdata/kube-defaults.json", import.meta.url), "utf8"),
) as { cases: Recorded[] };
const served = cases.filter((c) => c.status === 201 && types.findKind(c.input.apiVersion, c.input.kind));

/** What the recorded object owes to admission and to allocators, which are not asked here. */
const MADE_BY_OTHERS: Readonly<Record<string, readonly string[]>> = {
  Pod: ["serviceAccountName", "serviceAccount", "tolerations", "priority", "preemptionPolicy"],
  Service: ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"],
  Node: ["taints"],
};

/** The recorded object without them. */
function own({ input, stored }: Recorded): unknown {
  const copy = JSON.parse(JSON.stringify(stored, ownMember)) as {
    kind: string;
    metadata: Record<string, unknown>;
    spec?: Record<string, unknown>;
  };
  const given = input["spec"] as Record<string, unknown> | undefined;
  for (const name of MADE_BY_OTHERS[copy.kind] ?? []) if (given?.[name] === undefined) delete copy.spec?.[name];
  if (copy.kind.startsWith("PersistentVolume")) delete copy.metadata["finalizers"];
  return copy;
}

/** Drops the token volume, its mounts and allocated node ports, wherever they are. */
function ownMember(name: string, value: unknown): unknown {
  if (name === "nodePort") return undefined;
  if (!Array.isArray(value) || !["volumes", "volumeMounts"].includes(name)) return value;
  const kept = value.filter((item: { name: string }) => !item.name.startsWith("kube-api-access-"));
  return kept.length > 0 ? kept : undefined;
}

describe("defaults and preparation give what kube-apiserver stores", () => {
  test.each(served.map((c) => [c.name, c] as const))("%s", (_, recorded) => {
    const info = kind(recorded.input.apiVersion, recorded.input.kind);
    const object = filled(recorded.input.apiVersion, recorded.input.kind, recorded.input);
    const system = {
      uid: "<uid>",
      creationTimestamp: "<creationTimestamp>",
      ...(recorded.stored.metadata["namespace"] !== undefined && { namespace: "default" }),
    };
    const named = { ...object, metadata: { ...object.metadata, ...system } };
    const ready = prepareForCreate(info, named, "<time>");
    const clusterIp = (recorded.input["spec"] as JsonObject | undefined)?.["clusterIP"];
    const expected = own(recorded) as { spec: JsonObject };
    if (clusterIp) expect(ready["spec"]).toMatchObject({ clusterIP: clusterIp });
    expect(ready).toEqual(expected);
  });
});

test("every case of a kind that is served was tried", () => {
  expect(served).toHaveLength(46);
});

describe("image pull policy", () => {
  const DIGEST = "sha256:0123456789012345678901234567890123456789012345678901234567890123";
  test.each([
    ["shop", "Always"],
    ["shop:latest", "Always"],
    ["registry.example:5000/team/shop", "Always"],
    [`shop:latest@${DIGEST}`, "Always"],
    ["shop:1.0", "IfNotPresent"],
    ["registry.example:5000/team/shop:1", "IfNotPresent"],
    [`shop@${DIGEST}`, "IfNotPresent"],
    // No image names, so nothing is known about their tags.
    ["Shop", "IfNotPresent"],
    ["shop@sha256:short", "IfNotPresent"],
    [" shop", "IfNotPresent"],
    ["0".repeat(64), "IfNotPresent"],
    ["", "IfNotPresent"],
  ])("%s", (image, policy) => {
    const pod = filled("v1", "Pod", { spec: { containers: [{ name: "c", image }] } });
    expect(pod["spec"]).toMatchObject({ containers: [{ imagePullPolicy: policy }] });
  });
});

describe("pods", () => {
  const spec = (value: JsonObject): unknown => filled("v1", "Pod", { spec: value })["spec"];

  test("requests are the limits where they are not given, but not in a template", () => {
    const containers = [{ name: "c", resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "100m" } } }];
    expect(spec({ containers })).toMatchObject({
      containers: [{ resources: { requests: { cpu: "100m", memory: "1Gi" } } }],
    });
    const deployment = filled("apps/v1", "Deployment", { spec: { template: { spec: { containers } } } });
    expect(deployment["spec"]).toMatchObject({
      template: { spec: { containers: [{ resources: { requests: { cpu: "100m" } } }] } },
    });
    expect(JSON.stringify(deployment)).not.toContain("enableServiceLinks");
  });

  test("resources have no finer grain than a thousandth", () => {
    expect(spec({ containers: [{ name: "c", resources: { requests: { cpu: "0.1m", memory: "1n" } } }] })).toMatchObject(
      {
        containers: [{ resources: { requests: { cpu: "1m", memory: "1m" } } }],
      },
    );
  });

  test("resources of the pod as a whole come from its containers and its limits", () => {
    const containers = [
      { name: "a", resources: { requests: { cpu: "100m" }, limits: { "hugepages-2Mi": "4Mi" } } },
      { name: "b", resources: { requests: { cpu: "200m" } } },
    ];
    const initContainers = [
      { name: "side", restartPolicy: "Always", resources: { requests: { cpu: "50m" } } },
      { name: "init", resources: { requests: { cpu: "1" } } },
    ];
    expect(spec({ containers, initContainers, resources: { limits: { cpu: "2", memory: "1Gi" } } })).toMatchObject({
      // 50m + 1 while `init` runs beside `side`, more than 50m + 100m + 200m afterwards.
      resources: {
        limits: { cpu: "2", memory: "1Gi", "hugepages-2Mi": "4Mi" },
        requests: { cpu: "1050m", memory: "1Gi", "hugepages-2Mi": "4Mi" },
      },
    });
  });

  test("a negative grace period is one second, except in a template", () => {
    expect(spec({ terminationGracePeriodSeconds: -5 })).toMatchObject({ terminationGracePeriodSeconds: 1 });
    const template = { spec: { terminationGracePeriodSeconds: -5 } };
    expect(filled("apps/v1", "ReplicaSet", { spec: { template } })["spec"]).toMatchObject({ template });
  });

  test("the two names of the service account say the same", () => {
    expect(spec({ serviceAccount: "old" })).toMatchObject({ serviceAccountName: "old" });
    expect(spec({ serviceAccount: "old", serviceAccountName: "new" })).toMatchObject({ serviceAccount: "new" });
  });

  test("a volume of no kind is an empty directory, an image volume is pulled like an image", () => {
    expect(spec({ volumes: [{ name: "v" }, { name: "i", image: { reference: "x:1" } }] })).toMatchObject({
      volumes: [{ emptyDir: {} }, { image: { pullPolicy: "IfNotPresent" } }],
    });
  });
});

describe("other kinds", () => {
  test("a Secret's stringData becomes data", () => {
    const secret = filled("v1", "Secret", { data: { a: "AQ==", b: "Ag==" }, stringData: { b: "ü", c: "" } });
    expect(secret).toEqual({
      kind: "Secret",
      apiVersion: "v1",
      metadata: {},
      data: { a: "AQ==", b: "w7w=", c: "" },
      type: "Opaque",
    });
  });

  test("a StatefulSet whose strategy is named gets no parameters", () => {
    const named = filled("apps/v1", "StatefulSet", { spec: { updateStrategy: { type: "RollingUpdate" } } });
    expect(named["spec"]).toMatchObject({ updateStrategy: { type: "RollingUpdate" } });
    expect(JSON.stringify(named["spec"])).not.toContain("partition");
  });

  test("a Job with a limit per index has none over all", () => {
    const job = filled("batch/v1", "Job", { spec: { backoffLimitPerIndex: 1, parallelism: 3 } });
    expect(job["spec"]).toMatchObject({ backoffLimit: 2_147_483_647, parallelism: 3 });
    expect(job["spec"]).not.toHaveProperty("completions");
  });

  test("a ReleasePolicy of a target alone is complete", () => {
    const policy = filled("sluice.dev/v1alpha1", "ReleasePolicy", { spec: { targetRef: { name: "d" }, steps: null } });
    expect(policy["spec"]).toEqual({
      targetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" },
      dark: { replicas: 1 },
      testers: [],
      smoke: [],
      steps: "auto",
      failureBudget: 5,
      soak: "2m",
      patience: "10m",
      bake: "10m",
      retry: "OnStable",
      onFailure: "Revert",
    });
  });

  test("an HTTPRoute's rules are completed inside lists", () => {
    const route = filled("gateway.networking.k8s.io/v1", "HTTPRoute", {
      spec: { rules: [{ backendRefs: [{ name: "s", port: 80 }] }] },
    });
    expect(route["spec"]).toEqual({
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          backendRefs: [{ group: "", kind: "Service", name: "s", port: 80, weight: 1 }],
        },
      ],
    });
  });
});

test("the object that was given is not changed", () => {
  const info = kind("v1", "Pod");
  const pod = decodeValue(info, {
    spec: { containers: [{ name: "c", image: "x", ports: [{ containerPort: 1 }] }], hostNetwork: true },
  }).object;
  const before = JSON.stringify(pod);
  applyDefaults(info, pod);
  expect(JSON.stringify(pod)).toBe(before);
});

test("defaults of a complete object are that object", () => {
  for (const { input } of served) {
    const info = kind(input.apiVersion, input.kind);
    const once = filled(input.apiVersion, input.kind, input);
    expect(applyDefaults(info, once)).toEqual(once);
  }
});
