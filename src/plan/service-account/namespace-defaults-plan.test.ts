import { expect, test } from "vitest";
import { at, meta } from "../../../test/support/fixtures/workloads.ts";
import type { ConfigMap, Namespace, ServiceAccount } from "../../api/generated/core-v1.ts";
import { type NamespaceDefaultsView, planNamespaceDefaults } from "./namespace-defaults-plan.ts";

const namespace: Namespace = { apiVersion: "v1", kind: "Namespace", metadata: meta("shop"), spec: {} };
const account: ServiceAccount = { apiVersion: "v1", kind: "ServiceAccount", metadata: meta("default") };
const rootCa = (data: ConfigMap["data"]): ConfigMap => {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: meta("kube-root-ca.crt"), ...(data && { data }) };
};

test.each<[string, Partial<NamespaceDefaultsView>, readonly string[]]>([
  ["a new namespace gets both", {}, ["createAccount", "createRootCa"]],
  ["one that has both gets nothing", { account, rootCa: rootCa({ "ca.crt": "PEM" }) }, []],
  ["a changed certificate is put right", { account, rootCa: rootCa({ "ca.crt": "OTHER" }) }, ["updateRootCa"]],
  ["an added key is taken away", { account, rootCa: rootCa({ "ca.crt": "PEM", more: "" }) }, ["updateRootCa"]],
  [
    "a namespace that is being deleted gets nothing",
    { namespace: { ...namespace, metadata: meta("shop", { deletionTimestamp: at(1) }) } },
    [],
  ],
])("%s", (_, change, actions) => {
  expect(planNamespaceDefaults({ namespace, ca: "PEM", ...change }).map(({ kind }) => kind)).toEqual(actions);
});

test("they are in the namespace and under their names", () => {
  expect(planNamespaceDefaults({ namespace, ca: "PEM" })).toMatchObject([
    { object: { metadata: { namespace: "shop", name: "default" } } },
    { object: { metadata: { namespace: "shop", name: "kube-root-ca.crt" }, data: { "ca.crt": "PEM" } } },
  ]);
});
