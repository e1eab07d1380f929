import { beforeEach, expect, test } from "vitest";
import { type RegistryFixture, registryFixture } from "../../test/support/registry.ts";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { clusterrolebindings, clusterroles, endpointslices, namespaces, services } from "../api/generated/resources.ts";
import type { ApiClient } from "../client/api-client.ts";
import { API_SERVER } from "./auth/engine-users.ts";
import { bootstrap } from "./bootstrap.ts";
import { InProcessClient } from "./in-process-client.ts";
import { IpPool } from "./services/ip-pool.ts";
import { PortPool } from "./services/port-pool.ts";
import { ServiceHooks } from "./services/service-hooks.ts";

const options = { address: "127.64.0.1", servicePort: 443, port: 6443 };

let fixture: RegistryFixture;
let client: ApiClient;
beforeEach(async () => {
  const random = seededRandom();
  const pools = [new IpPool("127.64.0.0/17", random), new PortPool(30_000, 32_767, random)] as const;
  fixture = await registryFixture({ hooks: new Map([["/services", new ServiceHooks(...pools, [])]]) });
  client = new InProcessClient({ ...fixture, actions: new Map() }, API_SERVER, "kube-apiserver");
});

test("puts into place what every Kubernetes has", async () => {
  await bootstrap(client, options);
  const names = (await client.list(namespaces)).items.map(({ metadata }) => metadata.name);
  expect(names).toEqual(expect.arrayContaining(["default", "kube-node-lease", "kube-public", "kube-system"]));
  expect(await client.get(services, "kubernetes", "default")).toMatchObject({
    metadata: { labels: { component: "apiserver", provider: "kubernetes" } },
    spec: { type: "ClusterIP", clusterIP: "127.64.0.1", ports: [{ name: "https", port: 443, targetPort: 6443 }] },
  });
  expect(await client.get(endpointslices, "kubernetes", "default")).toMatchObject({
    metadata: { labels: { "kubernetes.io/service-name": "kubernetes" } },
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    ports: [{ name: "https", port: 6443 }],
  });
  expect((await client.list(clusterroles)).items.map(({ metadata }) => metadata.name)).toEqual(
    expect.arrayContaining(["admin", "cluster-admin", "edit", "view"]),
  );
  expect((await client.get(clusterrolebindings, "cluster-admin")).subjects).toMatchObject([{ name: "system:masters" }]);
  const critical = { ...fixture.at("scheduling.k8s.io", "priorityclasses"), name: "system-node-critical" };
  expect(fixture.registry.get(critical)).toMatchObject({ value: 2_000_001_000 });
});

test("changes nothing that is there already", async () => {
  await bootstrap(client, options);
  const before = fixture.registry.revision;
  await bootstrap(client, options);
  expect(fixture.registry.revision).toBe(before);
});

test("moves the Service with the port of the API server", async () => {
  await bootstrap(client, options);
  await bootstrap(client, { ...options, servicePort: 7443, port: 7443 });
  expect((await client.get(services, "kubernetes", "default")).spec.ports).toMatchObject([
    { port: 7443, targetPort: 7443 },
  ]);
  expect((await client.get(endpointslices, "kubernetes", "default")).ports).toMatchObject([{ port: 7443 }]);
});
