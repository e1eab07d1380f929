import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../lib/json.ts";
import type { Pod } from "../generated/core-v1.ts";
import type { KubeObject } from "../object.ts";
import { builtinTypes } from "../table/builtin.ts";
import { tableOf } from "./table.ts";

const types = builtinTypes();
const NOW = Date.parse("2026-01-01T01:00:00Z");
const before = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString().replace(".000Z", "Z");
const METADATA = { name: "x", namespace: "ns", uid: "u", resourceVersion: "7", creationTimestamp: before(300) };

const row = (group: string, plural: string, object: object, version = "v1"): readonly JsonValue[] => {
  const info = types.find(group, version, plural)!;
  const full = { apiVersion: "v1", kind: info.kind, metadata: METADATA, ...object } as KubeObject;
  return tableOf(info, [full], { now: NOW, includeObject: "None" }).rows[0]!.cells;
};

interface Recorded {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly cells: readonly JsonValue[];
  readonly conditions?: JsonValue;
  readonly object: KubeObject;
}

describe("rows of kube-apiserver 1.36.3", () => {
  const file = new URL("../../../test/testdata/print/rows.json", import.meta.url);
  const recorded = JSON.parse(readFileSync(file, "utf8")) as readonly Recorded[];
  const withoutAges = (cell: JsonValue): JsonValue =>
    typeof cell === "string"
      ? cell.replace(/^(\d+[ydhms])+$/, "<age>").replace(/\((\d+[ydhms])+ ago\)/, "(<age> ago)")
      : cell;
  const cases = recorded.map((r): [string, Recorded] => [`${r.resource} ${r.object.metadata.name}`, r]);

  test.each(cases)("%s", (_, { group, version, resource, cells, conditions, object }) => {
    const table = tableOf(types.find(group, version, resource)!, [object], { now: NOW + 1e12, includeObject: "None" });
    expect(table.rows[0]!.cells.map(withoutAges)).toEqual(cells);
    expect(table.rows[0]!.conditions).toEqual(conditions);
    expect(table.columnDefinitions).toHaveLength(cells.length);
  });
});

describe("ages", () => {
  test("of a pod and its last restart", () => {
    const status: Partial<Pod["status"]> = {
      phase: "Running",
      containerStatuses: [
        {
          name: "c",
          image: "i",
          imageID: "",
          ready: true,
          restartCount: 3,
          state: { running: { startedAt: before(290) } },
          lastState: { terminated: { exitCode: 1, finishedAt: before(125) } },
        },
      ],
    };
    const cells = row("", "pods", { spec: { containers: [{ name: "c" }] }, status });
    expect(cells.slice(0, 5)).toEqual(["x", "1/1", "Running", "3 (2m5s ago)", "5m"]);
  });

  test("of a job: how long it ran, or has been running", () => {
    const job = (status: object): JsonValue | undefined =>
      row("batch", "jobs", { spec: { completions: 1, template: { spec: { containers: [] } } }, status })[3];
    expect(job({})).toBe("");
    expect(job({ startTime: before(90) })).toBe("90s");
    expect(job({ startTime: before(90), completionTime: before(60) })).toBe("30s");
  });

  test("of kinds without a row of their own: the time itself", () => {
    expect(row("rbac.authorization.k8s.io", "roles", {})).toEqual(["x", METADATA.creationTimestamp]);
  });
});

describe("statuses", () => {
  const condition = (type: string, status = "True"): object => ({ type, status });
  const spec = { template: { spec: { containers: [] } } };

  test.each<[string, object, object]>([
    ["Running", {}, {}],
    ["Complete", {}, { conditions: [condition("Suspended"), condition("Complete")] }],
    ["Failed", {}, { conditions: [condition("FailureTarget"), condition("Failed")] }],
    ["Terminating", { deletionTimestamp: before(1) }, { conditions: [condition("Suspended")] }],
    ["Suspended", {}, { conditions: [condition("Suspended")] }],
    ["FailureTarget", {}, { conditions: [condition("FailureTarget")] }],
    ["SuccessCriteriaMet", {}, { conditions: [condition("SuccessCriteriaMet"), condition("Complete", "False")] }],
  ])("a job is %s", (expected, metadata, status) => {
    expect(row("batch", "jobs", { metadata: { ...METADATA, ...metadata }, spec, status })[1]).toBe(expected);
  });

  test("the one metric that autoscaling/v1 knows", () => {
    const spec = {
      scaleTargetRef: { kind: "Deployment", name: "d" },
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 80,
    };
    const cells = (object: object): JsonValue | undefined => row("autoscaling", "horizontalpodautoscalers", object)[2];
    expect(cells({ spec })).toBe("cpu: <unknown>/80%");
    expect(cells({ spec, status: { currentCPUUtilizationPercentage: 12 } })).toBe("cpu: 12%/80%");
    expect(cells({ spec: { ...spec, targetCPUUtilizationPercentage: undefined } })).toBe("<none>");
  });

  test("an event of events.k8s.io", () => {
    const event = {
      eventTime: before(60),
      regarding: { kind: "Pod", name: "p" },
      note: "text\n",
      reason: "R",
      type: "Normal",
      reportingController: "c",
      reportingInstance: "i",
    };
    expect(row("events.k8s.io", "events", event)).toEqual([
      "60s",
      "Normal",
      "R",
      "pod/p",
      "",
      "c, i",
      "text",
      "60s",
      1,
      "x",
    ]);
  });
});

describe("custom kinds", () => {
  test("a Release by its columns", () => {
    const release = {
      spec: { targetRef: { name: "shop" }, version: "1.1" },
      status: { phase: "Releasing", weightText: "5%", new: { requests: 312, failures: 0 } },
    };
    const cells = row("sluice.dev", "releases", release, "v1alpha1");
    expect(cells.slice(0, 9)).toEqual(["x", "shop", "1.1", "Releasing", "5%", 312, 0, null, null]);
    expect(cells.at(-1)).toBe("5m");
  });

  test("a list as a text is JSON, and the first of several values counts", () => {
    expect(row("gateway.networking.k8s.io", "httproutes", { spec: { hostnames: ["a", "b"] } })).toEqual([
      "x",
      '["a","b"]',
      "5m",
    ]);
    const addresses = [{ value: "127.0.0.1" }, { value: "127.0.0.2" }];
    expect(row("gateway.networking.k8s.io", "gateways", { spec: {}, status: { addresses } })).toContain("127.0.0.1");
  });

  test("a value of another type than the column's is not shown, a bad date is", () => {
    const worker = { status: { pid: "x", renewTime: "yesterday", listeners: 3 } };
    expect(row("sluice.dev", "meshworkers", worker, "v1alpha1").slice(1, 4)).toEqual([null, "<invalid>", 3]);
  });
});

describe("the Table", () => {
  const info = types.find("", "v1", "configmaps")!;
  const object: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: METADATA };
  const options = { now: NOW, includeObject: "Metadata" } as const;

  test("has the columns of the resource and the metadata of the list", () => {
    const table = tableOf(info, [object], { ...options, metadata: { resourceVersion: "9", continue: "c" } });
    expect(table).toMatchObject({
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      metadata: { resourceVersion: "9", continue: "c" },
      columnDefinitions: [
        { name: "Name", type: "string", format: "name", priority: 0 },
        { name: "Data", type: "string", format: "", priority: 0 },
        { name: "Age", type: "string", format: "", priority: 0 },
      ],
      rows: [{ cells: ["x", 0, "5m"] }],
    });
  });

  test("has what was asked for beside each row, in the version that was asked for", () => {
    const part = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1beta1", metadata: METADATA };
    const beside = (includeObject: "Metadata" | "Object" | "None"): unknown =>
      tableOf(info, [object], { ...options, includeObject, version: "v1beta1" }).rows[0]!.object;
    expect(beside("Metadata")).toEqual(part);
    expect(beside("Object")).toBe(object);
    expect(beside("None")).toBeNull();
  });

  test("leaves the columns out of later events", () => {
    expect(tableOf(info, [], { ...options, withoutColumns: true }).columnDefinitions).toBeNull();
  });
});

test("every served resource that can be listed has as many cells as columns", () => {
  for (const info of types.resources) {
    // Kubernetes gives IPAddresses an age that no column shows.
    if (!info.verbs.includes("list") || info.plural === "ipaddresses") continue;
    const object = { apiVersion: "v1", kind: info.kind, metadata: METADATA } as KubeObject;
    const table = tableOf(info, [object], { now: NOW, includeObject: "None" });
    expect(table.rows[0]!.cells.length, info.plural).toBe(info.columns.length);
  }
});
