import { expect, test } from "vitest";
import { at, EPOCH, meta, pod } from "../../../test/support/fixtures/workloads.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/generated/core-v1.ts";
import type { StorageClass } from "../../api/generated/storage-v1.ts";
import { type ClaimView, PROVISIONER, planClaim } from "./claim-plan.ts";
import { planVolume } from "./volume-plan.ts";

const now = EPOCH + 60_000;

const claim = (
  spec: PersistentVolumeClaim["spec"] = {},
  metadata = {},
  status?: PersistentVolumeClaim["status"],
): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: meta("data", metadata),
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
  status: status ?? { phase: "Pending" },
});

const volume = (
  name: string,
  spec: PersistentVolume["spec"] = {},
  change: Partial<PersistentVolume> = {},
): PersistentVolume => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: meta(name),
  spec: { capacity: { storage: "2Gi" }, accessModes: ["ReadWriteOnce"], storageClassName: "manual", ...spec },
  ...change,
});

const sluice: StorageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: meta("sluice", { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } }),
  provisioner: PROVISIONER,
  parameters: { directory: "/home/volumes" },
};
const external: StorageClass = { ...sluice, metadata: meta("ext"), provisioner: "a.b/c" };

function brief(view: Partial<ClaimView> & Pick<ClaimView, "claim">): readonly string[] {
  return planClaim({ volumes: [], classes: [], pods: [], ...view }).actions.map((action) =>
    action.kind === "event" ? `${action.reason}: ${action.message}` : `${action.kind} ${action.object.metadata.name}`,
  );
}

const manual = claim({ storageClassName: "manual" });
const ours = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  name: "data",
  namespace: "default",
  uid: "uid-data",
  resourceVersion: "1",
};
const theirs = { ...ours, name: "other", uid: "uid-other" };
const bound = { "pv.kubernetes.io/bind-completed": "yes" };

test.each<[string, Partial<ClaimView> & Pick<ClaimView, "claim">, readonly string[]]>([
  ["without class gets the default class", { claim: claim(), classes: [external, sluice] }, ["updateClaim data"]],
  [
    "without class waits when there is no default class",
    { claim: claim(), classes: [external] },
    ["FailedBinding: no persistent volumes available for this claim and no storage class is set"],
  ],
  [
    "of a class that is not there",
    { claim: claim({ storageClassName: "nope" }) },
    ['ProvisioningFailed: storageclass.storage.k8s.io "nope" not found'],
  ],
  [
    "of somebody else's class",
    { claim: claim({ storageClassName: "ext" }), classes: [external] },
    [
      "ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'a.b/c' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
    ],
  ],
  [
    "of our class gets a volume",
    { claim: claim({ storageClassName: "sluice" }), classes: [sluice] },
    ["createVolume pvc-uid-data", "ProvisioningSucceeded: Successfully provisioned volume pvc-uid-data"],
  ],
  [
    "for a block device cannot be met",
    { claim: claim({ storageClassName: "sluice", volumeMode: "Block" }), classes: [sluice] },
    ["ProvisioningFailed: the class makes directories, it has no block devices"],
  ],
  [
    "takes the smallest volume that fits",
    {
      claim: manual,
      volumes: [
        volume("big", { capacity: { storage: "5Gi" } }),
        volume("small"),
        volume("tiny", { capacity: { storage: "1Mi" } }),
      ],
    },
    ["updateVolume small"],
  ],
  [
    "does not take one of another class",
    { claim: manual, volumes: [volume("v", { storageClassName: "fast" })] },
    ['ProvisioningFailed: storageclass.storage.k8s.io "manual" not found'],
  ],
  [
    "does not take one with other access modes",
    {
      claim: claim({ storageClassName: "", accessModes: ["ReadWriteMany"] }),
      volumes: [volume("v", { storageClassName: "" })],
    },
    ["FailedBinding: no persistent volumes available for this claim and no storage class is set"],
  ],
  [
    "does not take another claim's",
    { claim: claim({ storageClassName: "" }), volumes: [volume("v", { storageClassName: "", claimRef: theirs })] },
    ["FailedBinding: no persistent volumes available for this claim and no storage class is set"],
  ],
  [
    "takes one that its labels select",
    {
      claim: claim({ storageClassName: "manual", selector: { matchLabels: { a: "b" } } }),
      volumes: [volume("v"), volume("w", {}, { metadata: meta("w", { labels: { a: "b" } }) })],
    },
    ["updateVolume w"],
  ],
  [
    "takes the one that it names",
    { claim: claim({ volumeName: "v", storageClassName: "x" }), volumes: [volume("v")] },
    ["updateVolume v"],
  ],
  ["waits for the one that it names", { claim: claim({ volumeName: "v" }), classes: [sluice] }, []],
  [
    "takes the one that is kept for it",
    { claim: manual, volumes: [volume("v", { claimRef: { namespace: "default", name: "data" } })] },
    ["updateVolume v"],
  ],
  [
    "is bound to the volume that is reserved for it",
    { claim: manual, volumes: [volume("v", { claimRef: ours })] },
    ["updateClaim data"],
  ],
  [
    "is left alone when it is bound",
    {
      claim: claim({ volumeName: "v" }, { annotations: bound }, { phase: "Bound" }),
      volumes: [volume("v", { claimRef: ours })],
    },
    [],
  ],
  [
    "that has lost its volume",
    { claim: claim({ volumeName: "v" }, { annotations: bound }, { phase: "Bound" }) },
    ["ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!"],
  ],
  [
    "whose volume is another's",
    {
      claim: claim({ volumeName: "v" }, { annotations: bound }, { phase: "Bound" }),
      volumes: [volume("v", { claimRef: theirs })],
    },
    ["ClaimMisbound: Two claims are bound to the same volume, this one is bound incorrectly"],
  ],
])("a claim %s", (_, view, actions) => {
  expect(brief(view)).toEqual(actions);
});

test("a volume of our class is a directory of its own, reserved for the claim", () => {
  const { actions } = planClaim({
    claim: claim({ storageClassName: "sluice" }),
    volumes: [],
    classes: [sluice],
    pods: [],
  });
  expect(actions[0]).toMatchObject({
    object: {
      metadata: { name: "pvc-uid-data", annotations: { "pv.kubernetes.io/provisioned-by": PROVISIONER } },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce"],
        claimRef: ours,
        persistentVolumeReclaimPolicy: "Delete",
        storageClassName: "sluice",
        hostPath: { path: "/home/volumes/default_data_pvc-uid-data", type: "DirectoryOrCreate" },
      },
    },
  });
});

test("binding: both name each other, then the claim has the volume's size", () => {
  const reserved = volume("v", { claimRef: ours });
  const [action] = planClaim({ claim: manual, volumes: [reserved], classes: [], pods: [] }).actions;
  expect(action).toMatchObject({
    object: {
      spec: { volumeName: "v" },
      metadata: { annotations: { ...bound, "pv.kubernetes.io/bound-by-controller": "yes" } },
    },
  });
  const named = claim({ volumeName: "v" }, { annotations: bound });
  expect(planClaim({ claim: named, volumes: [reserved], classes: [], pods: [] }).status).toEqual({
    phase: "Bound",
    accessModes: ["ReadWriteOnce"],
    capacity: { storage: "2Gi" },
  });
});

const leaving = claim({}, { deletionTimestamp: at(1), finalizers: ["kubernetes.io/pvc-protection", "x/y"] });
const user = pod("p", { spec: { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }] } });

test("a claim is protected while a pod uses it", () => {
  expect(brief({ claim: leaving, pods: [user] })).toEqual([]);
  expect(brief({ claim: leaving, pods: [{ ...user, status: { phase: "Succeeded" } }] })).toEqual(["updateClaim data"]);
  expect(planClaim({ claim: leaving, volumes: [], classes: [], pods: [] }).actions[0]).toMatchObject({
    object: { metadata: { finalizers: ["x/y"] } },
  });
});

test.each<[string, PersistentVolume, PersistentVolumeClaim | undefined, string]>([
  ["without a claim", volume("v"), undefined, "Available"],
  ["kept for a claim", volume("v", { claimRef: { namespace: "default", name: "data" } }), undefined, "Available"],
  ["with its claim", volume("v", { claimRef: ours }), manual, "Bound"],
  ["whose claim is gone", volume("v", { claimRef: ours }), undefined, "Released"],
  ["whose claim was made anew", volume("v", { claimRef: ours }), claim({}, { uid: "new" }), "Released"],
])("a volume %s", (_, of, claim, phase) => {
  const plan = planVolume({ volume: of, ...(claim && { claim }) }, now);
  expect(plan.status).toEqual({ phase, lastPhaseTransitionTime: at(60) });
  expect(plan.actions).toEqual([]);
  expect(planVolume({ volume: { ...of, status: plan.status! }, ...(claim && { claim }) }, now).status).toBeUndefined();
});

test("a volume that we made goes with its claim", () => {
  const made = volume(
    "v",
    { claimRef: ours, persistentVolumeReclaimPolicy: "Delete", hostPath: { path: "/home/volumes/x" } },
    { metadata: meta("v", { annotations: { "pv.kubernetes.io/provisioned-by": PROVISIONER } }) },
  );
  expect(planVolume({ volume: made }, now).actions).toMatchObject([{ kind: "reclaim", path: "/home/volumes/x" }]);
  expect(planVolume({ volume: made, claim: manual }, now).actions).toEqual([]);
  const retained = { ...made, spec: { ...made.spec, persistentVolumeReclaimPolicy: "Retain" as const } };
  expect(planVolume({ volume: retained }, now).actions).toEqual([]);
});

test("a volume is protected while it is bound", () => {
  const metadata = meta("v", { deletionTimestamp: at(1), finalizers: ["kubernetes.io/pv-protection"] });
  const going = volume("v", { claimRef: ours }, { metadata });
  expect(planVolume({ volume: going, claim: manual }, now).actions).toEqual([]);
  expect(planVolume({ volume: going }, now).actions).toMatchObject([{ object: { metadata: { finalizers: [] } } }]);
});
