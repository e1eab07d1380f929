import { describe, expect, test } from "vitest";
import { admitted, objectOf } from "../../../test/support/admission.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import type { Pod, PodSpec } from "../../api/generated/core-v1.ts";
import { serviceAccountAdmission } from "./service-account.ts";

const MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const container = { name: "main", image: "shop:1" };
const account = (rest: object = {}, name = "default") => objectOf("v1", "ServiceAccount", name, rest);

const specOf = (spec: Partial<PodSpec> = {}, accounts = [account()], annotations: object = {}): PodSpec => {
  const pod = objectOf("v1", "Pod", "p", { spec: { containers: [container], ...spec } });
  const annotated = { ...pod, metadata: { ...pod.metadata, annotations: { ...annotations } } };
  return (admitted(serviceAccountAdmission(seededRandom()), annotated, { objects: accounts }) as Pod).spec;
};

describe("a pod", () => {
  test("gets the account default and its token in every container", () => {
    const spec = specOf({ initContainers: [{ ...container, name: "init" }] });
    expect(spec).toMatchObject({ serviceAccountName: "default", serviceAccount: "default" });
    const [volume] = spec.volumes!;
    expect(volume!.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    expect(volume!.projected).toMatchObject({
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
        { configMap: { name: "kube-root-ca.crt" } },
        { downwardAPI: { items: [{ path: "namespace" }] } },
      ],
    });
    const mounts = [{ name: volume!.name, readOnly: true, mountPath: MOUNT_PATH }];
    expect(spec.containers).toEqual([{ ...container, volumeMounts: mounts }]);
    expect(spec.initContainers).toEqual([{ ...container, name: "init", volumeMounts: mounts }]);
  });

  test("keeps the account that it names, whose pull secrets it gets when it has none", () => {
    const accounts = [account({ imagePullSecrets: [{ name: "registry" }] }, "builder")];
    expect(specOf({ serviceAccountName: "builder" }, accounts)).toMatchObject({
      serviceAccountName: "builder",
      imagePullSecrets: [{ name: "registry" }],
    });
    const own = { serviceAccountName: "builder", imagePullSecrets: [{ name: "own" }] };
    expect(specOf(own, accounts).imagePullSecrets).toEqual([{ name: "own" }]);
  });

  test("is refused without its account", () => {
    expect(() => specOf({}, [])).toThrow(
      'pods "p" is forbidden: error looking up service account a/default: serviceaccount "default" not found',
    );
    expect(() => specOf({ serviceAccountName: "x/y" }, [])).toThrow(
      "error looking up service account a/x/y: invalid resource name \"x/y\": [may not contain '/']",
    );
  });

  test.each<[sentence: string, spec: Partial<PodSpec>, account: object]>([
    ["that wants no token", { automountServiceAccountToken: false }, { automountServiceAccountToken: true }],
    ["whose account wants none for its pods", {}, { automountServiceAccountToken: false }],
    [
      "that mounts something of its own there",
      { containers: [{ ...container, volumeMounts: [{ name: "v", mountPath: MOUNT_PATH }] }] },
      {},
    ],
  ])("%s gets none", (_, spec, rest) => {
    expect(specOf(spec, [account(rest)]).volumes).toBeUndefined();
  });

  test("that wants a token gets it whatever the account says", () => {
    const accounts = [account({ automountServiceAccountToken: false })];
    expect(specOf({ automountServiceAccountToken: true }, accounts).volumes).toHaveLength(1);
  });

  test("that brings the volume keeps it", () => {
    const volumes = [{ name: "kube-api-access-own", emptyDir: {} }];
    const spec = specOf({ volumes });
    expect(spec.volumes).toEqual(volumes);
    expect(spec.containers[0]!.volumeMounts).toMatchObject([{ name: "kube-api-access-own" }]);
  });

  test("of a node's own files is left alone", () => {
    expect(specOf({}, [], { "kubernetes.io/config.mirror": "x" })).toEqual({ containers: [container] });
  });
});
