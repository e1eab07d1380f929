import { describe, expect, test } from "vitest";
import type { KubeObject } from "../object.ts";
import { builtinTypes } from "../table/builtin.ts";
import { warningsOnCreate, warningsOnUpdate } from "./object-warnings.ts";

/** All texts are those of kube-apiserver 1.36. */

const types = builtinTypes();

function objectOf(apiVersion: string, kind: string, rest: object, name = "web", annotations?: object): KubeObject {
  return { apiVersion, kind, metadata: { name, generation: 1, ...(annotations && { annotations }) }, ...rest } as never;
}
const infoOf = ({ apiVersion, kind }: KubeObject) => types.findType(apiVersion, kind)! as never;
const warningsOf = (object: KubeObject): readonly string[] => warningsOnCreate(infoOf(object), object);

const container = { name: "a", image: "x" };
const pod = (spec: object, name?: string, annotations?: object): KubeObject =>
  objectOf("v1", "Pod", { spec: { containers: [container], ...spec } }, name, annotations);
const port = (containerPort: number, rest: object = {}) => ({ containerPort, protocol: "TCP", ...rest });
const OLD_OS = 'deprecated since v1.14; use "kubernetes.io/os" instead';
const NO_POD = "a null labelSelector results in matching no pod";

describe("of a Pod", () => {
  test.each<[sentence: string, object: KubeObject, expected: readonly string[]]>([
    ["nothing", pod({}), []],
    [
      "a name that is no host name",
      pod({}, `a.${"b".repeat(70)}`),
      [
        "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is " +
          "recommended: [must be no more than 63 characters must not contain dots]",
      ],
    ],
    [
      "old labels of nodes in a selector",
      pod({ nodeSelector: { "beta.kubernetes.io/os": "x", "kubernetes.io/arch": "y" } }),
      [`spec.nodeSelector[beta.kubernetes.io/os]: ${OLD_OS}`],
    ],
    [
      "old labels of nodes in affinities and spreads",
      pod({
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: "beta.kubernetes.io/os", operator: "Exists" }] }],
            },
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, preference: { matchExpressions: [{ key: "beta.kubernetes.io/os", operator: "Exists" }] } },
            ],
          },
        },
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "beta.kubernetes.io/os" }],
      }),
      [
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]" +
          `.matchExpressions[0].key: beta.kubernetes.io/os is ${OLD_OS}`,
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference" +
          `.matchExpressions[0].key: beta.kubernetes.io/os is ${OLD_OS}`,
        `spec.topologySpreadConstraints[0].topologyKey: beta.kubernetes.io/os is ${OLD_OS}`,
        `spec.topologySpreadConstraints[0].labelSelector: ${NO_POD}`,
      ],
    ],
    [
      "affinities to no pod",
      pod({
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "zone" }],
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 2, podAffinityTerm: { topologyKey: "zone" } }],
          },
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "zone", labelSelector: {} }],
          },
        },
      }),
      [
        `spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: ${NO_POD}`,
        "spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: " +
          NO_POD,
      ],
    ],
    [
      "annotations that became fields",
      pod({}, "web", {
        "scheduler.alpha.kubernetes.io/critical-pod": "",
        "security.alpha.kubernetes.io/sysctls": "",
        "seccomp.security.alpha.kubernetes.io/pod": "",
        "container.seccomp.security.alpha.kubernetes.io/a": "",
        "container.apparmor.security.beta.kubernetes.io/a": "",
        "container.seccomp.security.alpha.kubernetes.io/other": "",
      }),
      [
        "metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the " +
          '"priorityClassName" field instead',
        'metadata.annotations[security.alpha.kubernetes.io/sysctls]: non-functional in v1.11+; use the "sysctls" field instead',
        "metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the " +
          '"seccompProfile" field instead',
        "metadata.annotations[container.seccomp.security.alpha.kubernetes.io/a]: non-functional in v1.27+; use the " +
          '"seccompProfile" field instead',
        "metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]: deprecated since v1.30; use the " +
          '"appArmorProfile" field instead',
      ],
    ],
    [
      "volumes that are no more",
      pod({
        volumes: [
          { name: "v", storageos: { volumeName: "x" } },
          { name: "w", gitRepo: { repository: "x" } },
        ],
      }),
      [
        "spec.volumes[0].storageOS: deprecated in v1.22, non-functional in v1.25+",
        "spec.volumes[1].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
      ],
    ],
    [
      "aliases and pull secrets that are there twice",
      pod({
        hostAliases: [{ ip: "1.1.1.1" }, { ip: "1.1.1.1" }],
        imagePullSecrets: [{ name: "a" }, { name: "a" }, { name: "" }],
      }),
      [
        'spec.hostAliases[1].ip: duplicate ip "1.1.1.1"',
        'spec.imagePullSecrets[1].name: duplicate name "a"',
        'spec.imagePullSecrets[2].name: invalid empty name ""',
      ],
    ],
    [
      "addresses in an unusual form",
      pod({ hostAliases: [{ ip: "2001:DB8::0" }], dnsConfig: { nameservers: ["2001:db8:0::", "::1"] } }),
      [
        'spec.dnsConfig.nameservers[0]: IPv6 address "2001:db8:0::" should be in RFC 5952 canonical format ("2001:db8::")',
        'spec.hostAliases[0].ip: IPv6 address "2001:DB8::0" should be in RFC 5952 canonical format ("2001:db8::")',
      ],
    ],
    [
      "parts of bytes",
      pod({
        initContainers: [
          {
            ...container,
            resources: { requests: { memory: "1500m" }, limits: { memory: "2", "ephemeral-storage": "0.002" } },
          },
        ],
      }),
      [
        'spec.initContainers[0].resources.requests[memory]: fractional byte value "1500m" is invalid, must be an integer',
        "spec.initContainers[0].resources.limits[ephemeral-storage]: fractional byte value " +
          '"2m" is invalid, must be an integer',
      ],
    ],
    [
      "variables that hide others",
      pod({
        containers: [
          {
            ...container,
            env: [
              { name: "A", value: "1" },
              { name: "A", value: "$(A)2" },
              { name: "A", value: "3" },
            ],
          },
        ],
      }),
      ['spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply'],
    ],
    [
      "ports that meet",
      pod({
        containers: [
          {
            ...container,
            ports: [
              port(1, { hostIP: "1.1.1.1" }),
              port(2),
              port(2, { hostPort: 5 }),
              port(3, { hostPort: 6 }),
              port(3, { hostPort: 6, hostIP: "1.2.3.4" }),
            ],
          },
          { ...container, name: "b", ports: [port(2), port(2, { protocol: "UDP" })] },
        ],
      }),
      [
        "spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:1 Protocol:TCP HostIP:1.1.1.1}",
        "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]",
        "spec.containers[0].ports[4]: dangerously ambiguous port definition with spec.containers[0].ports[3]",
        "spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[1]",
        "spec.containers[1].ports[0]: overlapping port definition with spec.containers[0].ports[2]",
      ],
    ],
  ])("%s", (_, object, expected) => {
    expect(warningsOf(object)).toEqual(expected);
  });
});

const template = { spec: { containers: [container], nodeSelector: { "beta.kubernetes.io/os": "x" } } };
const OWNER_NAME =
  "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is " +
  "recommended: [must not contain dots]";
const OF_TEMPLATE = `spec.template.spec.nodeSelector[beta.kubernetes.io/os]: ${OLD_OS}`;

describe("of other kinds", () => {
  test.each<[sentence: string, object: KubeObject, expected: readonly string[]]>([
    ["Deployment", objectOf("apps/v1", "Deployment", { spec: { template } }, "a.b"), [OWNER_NAME, OF_TEMPLATE]],
    ["ReplicaSet", objectOf("apps/v1", "ReplicaSet", { spec: { template } }, "a.b"), [OWNER_NAME, OF_TEMPLATE]],
    ["DaemonSet", objectOf("apps/v1", "DaemonSet", { spec: { template } }, "a.b"), [OF_TEMPLATE]],
    [
      "StatefulSet",
      objectOf("apps/v1", "StatefulSet", {
        spec: {
          template,
          revisionHistoryLimit: -1,
          volumeClaimTemplates: [{ metadata: { name: "v" }, spec: { resources: { requests: { storage: "500m" } } } }],
        },
      }),
      [
        OF_TEMPLATE,
        'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value "500m" is invalid, must be an integer',
        "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
      ],
    ],
    ["Job", objectOf("batch/v1", "Job", { spec: { template } }, "a.b"), [OWNER_NAME, OF_TEMPLATE]],
    [
      "CronJob",
      objectOf("batch/v1", "CronJob", {
        spec: {
          jobTemplate: { spec: { completions: 200_000, parallelism: 20_000, completionMode: "Indexed", template } },
        },
      }),
      [
        "spec.jobTemplate.spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher " +
          "than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail",
        `spec.jobTemplate.spec.template.spec.nodeSelector[beta.kubernetes.io/os]: ${OLD_OS}`,
      ],
    ],
    [
      "headless Service",
      objectOf("v1", "Service", {
        spec: { clusterIP: "None", externalIPs: ["1.1.1.1"], sessionAffinity: "ClientIP" },
      }),
      ["spec.externalIPs is ignored for headless services", "spec.SessionAffinity is ignored for headless services"],
    ],
    [
      "Service",
      objectOf(
        "v1",
        "Service",
        {
          spec: {
            externalIPs: ["2001:DB8::0"],
            loadBalancerSourceRanges: ["2001:DB8::0/64"],
            trafficDistribution: "PreferClose",
          },
        },
        "web",
        { "service.kubernetes.io/topology-aware-hints": "auto" },
      ),
      [
        "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use " +
          "service.kubernetes.io/topology-mode instead",
        'spec.externalIPs[0]: IPv6 address "2001:DB8::0" should be in RFC 5952 canonical format ("2001:db8::")',
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
        'spec.loadBalancerSourceRanges[0]: IPv6 CIDR value "2001:DB8::0/64" should be in RFC 5952 canonical format ' +
          '("2001:db8::/64")',
        'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
      ],
    ],
    [
      "PersistentVolumeClaim",
      objectOf("v1", "PersistentVolumeClaim", { spec: { resources: { requests: { storage: "500m" } } } }, "web", {
        "volume.beta.kubernetes.io/storage-class": "x",
      }),
      [
        "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use " +
          '"storageClassName" attribute instead',
        'spec.resources.requests[storage]: fractional byte value "500m" is invalid, must be an integer',
      ],
    ],
    [
      "PersistentVolume",
      objectOf("v1", "PersistentVolume", { spec: { persistentVolumeReclaimPolicy: "Recycle", cephfs: {} } }),
      [
        "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended " +
          "approach is to use dynamic provisioning.",
        "spec.cephfs: deprecated in v1.28, non-functional in v1.31+",
      ],
    ],
    [
      "Ingress",
      objectOf("networking.k8s.io/v1", "Ingress", { spec: {} }, "web", { "kubernetes.io/ingress.class": "x" }),
      [`annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`],
    ],
    [
      "NetworkPolicy",
      objectOf("networking.k8s.io/v1", "NetworkPolicy", {
        spec: { ingress: [{ from: [{ ipBlock: { cidr: "2001:DB8::0/64" } }] }] },
      }),
      [
        'spec.ingress[0].from[0].ipBlock.cidr: IPv6 CIDR value "2001:DB8::0/64" should be in RFC 5952 canonical ' +
          'format ("2001:db8::/64")',
      ],
    ],
    [
      "EndpointSlice",
      objectOf("discovery.k8s.io/v1", "EndpointSlice", { addressType: "FQDN", endpoints: [] }),
      ["spec.addressType: FQDN endpoints are deprecated"],
    ],
    [
      "Node",
      objectOf("v1", "Node", { spec: { externalID: "q" } }),
      ["spec.externalID: this field is deprecated, and is unused by Kubernetes"],
    ],
    [
      "StorageClass",
      objectOf("storage.k8s.io/v1", "StorageClass", {
        allowedTopologies: [{ matchLabelExpressions: [{ key: "beta.kubernetes.io/os", values: ["a"] }] }],
      }),
      [`allowedTopologies[0].matchLabelExpressions[0].key: ${OLD_OS}`],
    ],
    ["ConfigMap", objectOf("v1", "ConfigMap", {}, "a.b"), []],
  ])("%s", (_, object, expected) => {
    expect(warningsOf(object)).toEqual(expected);
  });
});

test.each<[kind: string, object: KubeObject, sameGeneration: number, nextGeneration: number]>([
  ["Pod", pod(template.spec), 0, 0],
  ["Deployment", objectOf("apps/v1", "Deployment", { spec: { template } }, "a.b"), 0, 1],
  ["Service", objectOf("v1", "Service", { spec: { externalIPs: ["1.1.1.1"] } }), 1, 1],
])("an update of a %s", (_, object, sameGeneration, nextGeneration) => {
  const next = { ...object, metadata: { ...object.metadata, generation: 2 } };
  expect(warningsOnUpdate(infoOf(object), object, object)).toHaveLength(sameGeneration);
  expect(warningsOnUpdate(infoOf(object), next, object)).toHaveLength(nextGeneration);
});

describe("of a TLS Secret", () => {
  const pem = (label: string): string => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
  const secret = (certificate: string, key: string, type = "kubernetes.io/tls"): KubeObject =>
    objectOf("v1", "Secret", { type, data: { "tls.crt": btoa(certificate), "tls.key": btoa(key) } });
  const [certificate, key] = [pem("CERTIFICATE"), pem("RSA PRIVATE KEY")];

  test.each<[certificate: string, key: string, expected: readonly string[]]>([
    [certificate, key, []],
    [pem("X") + certificate, pem("EC PARAMETERS") + pem("PRIVATE KEY"), []],
    ["", key, ["tls: failed to find any PEM data in certificate input"]],
    [
      key,
      certificate,
      [
        "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
      ],
    ],
    [
      pem("X") + pem("Y"),
      key,
      [
        'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [X Y]',
      ],
    ],
    [certificate, "x", ["tls: failed to find any PEM data in key input"]],
    [certificate, certificate, ["tls: found a certificate rather than a key in the PEM for the private key"]],
    [
      certificate,
      pem("X"),
      [
        'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [X]',
      ],
    ],
  ])("%j %j", (crt, own, expected) => {
    expect(warningsOf(secret(crt, own))).toEqual(expected);
    expect(warningsOf(secret(crt, own, "Opaque"))).toEqual([]);
  });
});

describe("of a custom object", () => {
  const route = (...finalizers: string[]): KubeObject => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "r", finalizers } as never,
  });
  const advice = (path = ""): string =>
    `prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`;

  test("finalizers that anybody could use", () => {
    expect(warningsOf(route("orphan", "a.b/c"))).toEqual([]);
    expect(warningsOf(route("mine", "a.b"))).toEqual([
      `metadata.finalizers: "a.b": ${advice(" including a path (/)")}`,
      `metadata.finalizers: "mine": ${advice()}`,
    ]);
    expect(warningsOnUpdate(infoOf(route()), route("mine", "a.b"), route("a.b"))).toEqual([
      `metadata.finalizers: "mine": ${advice()}`,
    ]);
  });
});
