import { it } from "vitest";
import { namespaces } from "../../src/api/generated/resources.ts";
import { describeApiClient } from "../../src/client/api-client.case.ts";
import { HttpsClient } from "../../src/client/https-client.ts";
import { readKubeconfig } from "../../src/client/kubeconfig.ts";
import { Transport } from "../../src/client/transport.ts";

/** The contract held against a real Kubernetes: SLUICE_TEST_CLUSTER=path/to/kubeconfig, whose current context may be written to. */
const kubeconfig = process.env["SLUICE_TEST_CLUSTER"];

if (kubeconfig === undefined) {
  it.skip("HttpsClient against a real cluster: SLUICE_TEST_CLUSTER names no kubeconfig", () => undefined);
} else {
  describeApiClient("HttpsClient against a real cluster", async () => {
    const { endpoint } = await readKubeconfig(kubeconfig);
    const transport = new Transport(endpoint, "sluice-test/0");
    const client = new HttpsClient(transport, { fieldManager: "sluice-test" });
    const { metadata } = await client.create(namespaces, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { generateName: "sluice-api-client-" },
      spec: {},
    });
    return {
      client,
      namespace: metadata.name,
      [Symbol.asyncDispose]: async () => {
        await client.delete(namespaces, metadata.name);
        transport[Symbol.dispose]();
      },
    };
  });
}
