import { beforeEach, describe, expect, test } from "vitest";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import type { Service, ServiceSpec } from "../../api/generated/core-v1.ts";
import { IpPool } from "./ip-pool.ts";
import { PortPool } from "./port-pool.ts";
import { ServiceHooks } from "./service-hooks.ts";

let hooks: ServiceHooks;
beforeEach(() => {
  hooks = hooksFor([]);
});

const hooksFor = (existing: readonly Service[]): ServiceHooks => {
  const random = seededRandom();
  return new ServiceHooks(new IpPool("127.64.0.0/24", random), new PortPool(30_000, 30_009, random), existing);
};

const service = (spec: Partial<ServiceSpec>, name = "s"): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "a", uid: name, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
  spec: { type: "ClusterIP", ports: [{ port: 80, protocol: "TCP" }], ...spec },
});

/** Creates, or with `old` updates, and keeps what was claimed. */
const write = (wanted: Service, old?: Service, written = true, dryRun = false): Service => {
  const claim = hooks.claim(old, hooks.prepare(old, wanted, dryRun), dryRun);
  claim.settle(written);
  return claim.object as Service;
};

describe("a Service's address", () => {
  test("is drawn from the upper part of the range", () => {
    const { spec } = write(service({}));
    expect(Number(spec.clusterIP!.split(".")[3])).toBeGreaterThan(16);
    expect(spec).toMatchObject({ clusterIPs: [spec.clusterIP], ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
  });

  test("is the one that is asked for", () => {
    expect(write(service({ clusterIP: "127.64.0.9" })).spec.clusterIPs).toEqual(["127.64.0.9"]);
  });

  test.each([
    ["127.64.0.9", "provided IP is already allocated"],
    ["127.65.0.9", "the provided network does not match the current range"],
    ["127.64.0.0", "the provided network does not match the current range"],
    ["127.64.0.255", "the provided network does not match the current range"],
  ])("%s is refused: %s", (clusterIP, why) => {
    write(service({ clusterIP: "127.64.0.9" }, "first"));
    expect(() => write(service({ clusterIP }))).toThrow(
      `Service "s" is invalid: spec.clusterIPs: Invalid value: ["${clusterIP}"]: failed to allocate IP ${clusterIP}: ${why}`,
    );
  });

  test.each<[sentence: string, spec: Partial<ServiceSpec>, why: string]>([
    [
      "another family is not there",
      { ipFamilies: ["IPv6"] },
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    ],
    [
      "nor are addresses of it",
      { clusterIP: "::1" },
      'spec.clusterIPs[0]: Invalid value: ["::1"]: IPv6 is not configured on this cluster',
    ],
    [
      "nor both",
      { ipFamilyPolicy: "RequireDualStack" },
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
    [
      "two families need a policy",
      { ipFamilies: ["IPv4", "IPv6"] },
      "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP " +
        "families are specified",
    ],
  ])("%s", (_, spec, why) => {
    expect(() => write(service(spec))).toThrow(`Service "s" is invalid: ${why}`);
  });

  test("is one where both families are only preferred", () => {
    const { spec } = write(service({ ipFamilyPolicy: "PreferDualStack" }));
    expect(spec).toMatchObject({ ipFamilies: ["IPv4"], ipFamilyPolicy: "PreferDualStack" });
  });

  test("that changes is left for validation to refuse", () => {
    const first = write(service({}));
    expect(hooks.prepare(first, service({ clusterIP: "10.0.0.1" }), false)).toMatchObject({
      spec: { clusterIP: "10.0.0.1" },
    });
  });

  test("that is none is left for validation to refuse", () => {
    expect(hooks.prepare(undefined, service({ clusterIP: "x" }), false)).toMatchObject({ spec: { clusterIPs: ["x"] } });
  });

  test("is not taken before it is claimed", () => {
    hooks.prepare(undefined, service({ clusterIP: "127.64.0.9" }), false);
    expect(write(service({ clusterIP: "127.64.0.9" })).spec.clusterIP).toBe("127.64.0.9");
  });

  test("stays in an update that does not name it", () => {
    const first = write(service({}));
    expect(write(service({ selector: { app: "x" } }), first).spec.clusterIP).toBe(first.spec.clusterIP);
  });

  test("is free again when the Service goes, or was never written", () => {
    const first = write(service({ clusterIP: "127.64.0.9" }));
    hooks.release(first);
    write(service({ clusterIP: "127.64.0.9" }), undefined, false);
    expect(write(service({ clusterIP: "127.64.0.9" })).spec.clusterIP).toBe("127.64.0.9");
  });

  test("is not given to a headless or external one", () => {
    expect(write(service({ clusterIP: "None", selector: { app: "x" } })).spec).toMatchObject({
      clusterIP: "None",
      clusterIPs: ["None"],
      ipFamilies: ["IPv4"],
    });
    expect(write(service({ clusterIP: "None" })).spec.ipFamilyPolicy).toBe("RequireDualStack");
    expect(write(service({ type: "ExternalName", externalName: "x.example.com" })).spec.clusterIP).toBeUndefined();
  });

  test("has no internal traffic where it is somebody else's", () => {
    const { spec } = write(service({ type: "ExternalName", externalName: "a.b", internalTrafficPolicy: "Local" }));
    expect(spec).not.toHaveProperty("internalTrafficPolicy");
  });

  test("is kept for a Service that was there before the start", () => {
    hooks = hooksFor([service({ clusterIP: "127.64.0.9", clusterIPs: ["127.64.0.9"] }, "old")]);
    expect(() => write(service({ clusterIP: "127.64.0.9" }))).toThrow("provided IP is already allocated");
  });

  test("runs out in the end", () => {
    for (let i = 0; i < 254; i++) write(service({}, `s${i}`));
    expect(() => write(service({}))).toThrow("failed to allocate: range is full");
  });
});

describe("a Service's node ports", () => {
  const nodePort = (ports: ServiceSpec["ports"]): Service => service({ type: "NodePort", ...(ports && { ports }) });

  test("are drawn, one for both protocols of a port", () => {
    const { spec } = write(
      nodePort([
        { name: "t", port: 53, protocol: "TCP" },
        { name: "u", port: 53, protocol: "UDP" },
        { name: "x", port: 54, protocol: "TCP" },
      ]),
    );
    const [t, u, x] = spec.ports!.map((port) => port.nodePort);
    expect(t).toBe(u);
    expect(x).not.toBe(t);
  });

  test("that two ports of one protocol ask for are refused", () => {
    const ports = [
      { name: "a", port: 80, protocol: "TCP", nodePort: 30_001 },
      { name: "b", port: 81, protocol: "TCP", nodePort: 30_001 },
    ] as const;
    expect(() => write(nodePort(ports))).toThrow(
      'Service "s" is invalid: spec.ports[1].nodePort: Invalid value: 30001: provided port is already allocated',
    );
    // The first of them has been given back.
    expect(write(nodePort([ports[0]])).spec.ports).toEqual([ports[0]]);
  });

  test("outside of the range are refused", () => {
    expect(() => write(nodePort([{ port: 80, protocol: "TCP", nodePort: 80 }]))).toThrow(
      "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-30009",
    );
  });

  test("outside of the range pass a rehearsal, as in Kubernetes", () => {
    const wanted = nodePort([{ port: 80, protocol: "TCP", nodePort: 80 }]);
    expect(write(wanted, undefined, false, true).spec.ports?.[0]?.nodePort).toBe(80);
  });

  test("stay with the port's name, and are given back when the port goes", () => {
    const first = write(nodePort([{ name: "web", port: 80, protocol: "TCP", nodePort: 30_001 }]));
    const moved = write(nodePort([{ name: "web", port: 8080, protocol: "TCP" }]), first);
    expect(moved.spec.ports).toEqual([{ name: "web", port: 8080, protocol: "TCP", nodePort: 30_001 }]);
    write(service({ clusterIP: moved.spec.clusterIP! }), moved);
    const other = nodePort([{ port: 80, protocol: "TCP", nodePort: 30_001 }]);
    expect(write({ ...other, metadata: { ...other.metadata, name: "other" } }).spec.ports?.[0]?.nodePort).toBe(30_001);
  });

  test("an update that is not written gives nothing back", () => {
    const first = write(nodePort([{ name: "web", port: 80, protocol: "TCP", nodePort: 30_001 }]));
    write(service({ clusterIP: first.spec.clusterIP! }), first, false);
    expect(() => write(nodePort([{ port: 80, protocol: "TCP", nodePort: 30_001 }]))).toThrow("already allocated");
  });

  test("come with one for health checks where only local endpoints are used", () => {
    const { spec } = write(service({ type: "LoadBalancer", externalTrafficPolicy: "Local" }));
    expect(spec.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
    expect(spec.healthCheckNodePort).not.toBe(spec.ports![0]!.nodePort);
  });

  test("are not drawn for a load balancer that wants none", () => {
    const { spec } = write(service({ type: "LoadBalancer", allocateLoadBalancerNodePorts: false }));
    expect(spec.ports![0]!.nodePort).toBeUndefined();
  });
});
