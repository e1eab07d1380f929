import type { Container, Pod, ServiceAccount, Volume } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { pathSegmentProblems } from "../../api/validation/names.ts";
import { type Random, randomSuffix } from "../../lib/random.ts";
import { type Admitter, type AdmissionRequest, refusal } from "./admitter.ts";

const MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const MIRROR_POD = "kubernetes.io/config.mirror";
/** A bit more than the hour after which the kubelet asks for a new token. */
const TOKEN_SECONDS = 3607;

type StoredPod = Pod & KubeObject & { readonly spec: NonNullable<Pod["spec"]> };

/**
 * Gives each pod a service account, and its token as a volume.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller
 */
export function serviceAccountAdmission(random: Random): Admitter {
  return {
    name: "ServiceAccount",
    resources: new Set(["/pods"]),
    admit(_old, object, request) {
      const pod = object as StoredPod;
      const applies =
        request.operation === "create" &&
        request.subresource === undefined &&
        pod.spec !== undefined &&
        pod.metadata.annotations?.[MIRROR_POD] === undefined;
      return applies ? withAccount(pod, request, random) : object;
    },
  };
}

function withAccount(pod: StoredPod, request: AdmissionRequest, random: Random): KubeObject {
  const name = pod.spec.serviceAccountName || "default";
  const account = findAccount(pod, name, request);
  const secrets = pod.spec.imagePullSecrets?.length ? pod.spec.imagePullSecrets : account.imagePullSecrets;
  const named: StoredPod = {
    ...pod,
    spec: {
      ...pod.spec,
      serviceAccountName: name,
      serviceAccount: name,
      ...(secrets && secrets.length > 0 && { imagePullSecrets: secrets }),
    },
  };
  const mounts = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  return mounts ? withToken(named, random) : named;
}

function findAccount(pod: Pod & KubeObject, name: string, request: AdmissionRequest): ServiceAccount {
  const { namespace = "", objects } = request;
  const account = objects.get("/serviceaccounts", name, namespace) as ServiceAccount | undefined;
  if (account) return account;
  const problems = pathSegmentProblems(name);
  const why =
    problems.length > 0
      ? `invalid resource name ${JSON.stringify(name)}: [${problems.join(" ")}]`
      : `serviceaccount ${JSON.stringify(name)} not found`;
  throw refusal(pod, request, `error looking up service account ${namespace}/${name}: ${why}`);
}

/** The token's volume, mounted in every container that mounts nothing of its own there. */
function withToken(pod: StoredPod, random: Random): StoredPod {
  const { initContainers } = pod.spec;
  const volumes = pod.spec.volumes ?? [];
  // Validation, which asks for containers, comes after admission.
  const containers = pod.spec.containers ?? [];
  const all = [...containers, ...(initContainers ?? [])];
  if (all.every(mountsOwn)) return pod;
  const existing = volumes.find((volume) => volume.name.startsWith("kube-api-access-"));
  const name = existing?.name ?? `kube-api-access-${randomSuffix(random)}`;
  const mount = <C extends Container>(container: C): C =>
    mountsOwn(container)
      ? container
      : {
          ...container,
          volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }],
        };
  return {
    ...pod,
    spec: {
      ...pod.spec,
      volumes: existing ? volumes : [...volumes, tokenVolume(name)],
      ...(initContainers && { initContainers: initContainers.map(mount) }),
      containers: containers.map(mount),
    },
  };
}

function mountsOwn({ volumeMounts }: Container): boolean {
  return volumeMounts?.some((mount) => mount.mountPath === MOUNT_PATH) ?? false;
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}
