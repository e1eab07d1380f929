import { configmaps, deployments, pods } from "../../src/api/generated/resources.ts";
import { StatusError } from "../../src/api/status-error.ts";
import type { ApiClient } from "../../src/client/api-client.ts";

/**
 * One call of each kind, in an empty namespace, and what came of it. It was recorded against Kubernetes 1.36.3
 * (test/testdata/api-conversation.json), so that the bytes of both sides can be held against a client.
 */
export async function conversation(client: ApiClient, namespace: string): Promise<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  const tell = async (what: string, call: Promise<unknown>): Promise<void> => {
    told[what] = await call.catch((error: unknown) =>
      error instanceof StatusError ? `${error.code} ${error.reason}: ${error.message}` : String(error),
    );
  };
  const map = (data: Record<string, string>) =>
    ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace, labels: { app: "x" } }, data }) as const;
  const merge = (body: object) => ({ type: "merge", body }) as const;
  const version = (value: unknown): string =>
    (value as { metadata: { resourceVersion: string } }).metadata.resourceVersion;

  await tell("create", client.create(configmaps, map({ k: "1" })));
  const created = await client.get(configmaps, "a", namespace);
  await tell("create again", client.create(configmaps, map({})));
  await tell(
    "list",
    client.list(configmaps, { namespace, labelSelector: "app in (x,y)", fieldSelector: "metadata.name=a" }),
  );
  await tell("update", client.update(configmaps, { ...created, data: { k: "2" } }, { fieldManager: "other" }));
  await tell("update with an old version", client.update(configmaps, { ...created, data: { k: "3" } }));
  await tell(
    "merge patch, tried only",
    client.patch(configmaps, "a", namespace, merge({ data: { k: null } }), { dryRun: true }),
  );
  const operations = [{ op: "add", path: "/data/é", value: "ü" }];
  await tell(
    "json patch that is invalid",
    client.patch(configmaps, "a", namespace, { type: "json", body: operations }),
  );
  const apply = { type: "apply", body: map({ k: "4" }) } as const;
  await tell("apply", client.patch(configmaps, "a", namespace, apply, { fieldManager: "applier" }));
  await tell(
    "apply by force",
    client.patch(configmaps, "a", namespace, apply, { fieldManager: "applier", force: true }),
  );
  const strategic = { type: "strategic", body: { metadata: { annotations: { note: "line\nbreak" } } } } as const;
  await tell("strategic patch", client.patch(configmaps, "a", namespace, strategic));
  await tell("scale of nothing", client.patch(deployments, "a", namespace, merge({}), { subresource: "scale" }));
  const binding = { apiVersion: "v1", kind: "Binding", metadata: { name: "p" }, target: { kind: "Node", name: "n" } };
  await tell("binding of nothing", client.createSubresource(pods, "p", namespace, "binding", binding));

  const stop = new AbortController();
  const events: string[] = [];
  for await (const event of client.watch(configmaps, { namespace, labelSelector: "app=x" }, stop.signal)) {
    if (event.type === "BOOKMARK") events.push(`BOOKMARK ${event.initialEventsEnd}`);
    else events.push(`${event.type} ${event.object.metadata.name} ${JSON.stringify(event.object.data)}`);
    if (event.type === "BOOKMARK") break;
  }
  told["watch"] = events;
  await tell(
    "delete",
    client.delete(configmaps, "a", namespace, {
      propagationPolicy: "Background",
      gracePeriodSeconds: 0,
      preconditions: { uid: created.metadata.uid },
    }),
  );
  const later = client.watch(configmaps, { namespace, resourceVersion: version(created) }, stop.signal);
  const types: string[] = [];
  for await (const event of later) {
    types.push(event.type);
    if (event.type === "DELETED") break;
  }
  told["watch from a version"] = types;
  await tell("get", client.get(configmaps, "a", namespace));
  return told;
}
