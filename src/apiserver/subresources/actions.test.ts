import { generateKeyPairSync } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { type RegistryFixture, registryFixture } from "../../../test/support/registry.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import type { Pod } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import { ISSUER, ServiceAccountTokens } from "../auth/service-account-token.ts";
import { type Action, actions, boundPod } from "./actions.ts";

const key = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();

let fixture: RegistryFixture;
let tokens: ServiceAccountTokens;
let all: ReadonlyMap<string, Action>;
beforeEach(async () => {
  fixture = await registryFixture();
  const random = seededRandom();
  const { clock, registry, types } = fixture;
  const uidOf = (kind: string, namespace: string, name: string): string | undefined =>
    registry.view.get(`/${kind.toLowerCase()}s`, name, namespace)?.metadata.uid;
  tokens = new ServiceAccountTokens({ key, clock, random, uidOf });
  all = actions(registry, types, tokens, clock, random);
});

const act = (name: string, at: string, body: object, dryRun = false): Promise<object> => {
  const target = { ...fixture.at("", name.split("/")[1]!), name: at, subresource: name.split("/")[2]! };
  return all.get(name)!(target, body as KubeObject, { dryRun }, fixture.context);
};
const createPod = (spec: object = {}, labels: object = {}): Promise<KubeObject> =>
  fixture.create("", "pods", {
    metadata: { name: "p", labels },
    spec: { containers: [{ name: "main", image: "shop:1" }], ...spec },
  });
const pod = (): Pod => fixture.registry.get({ ...fixture.at("", "pods"), name: "p" }) as Pod;
const failure = async (done: Promise<unknown>): Promise<StatusError> => {
  const error: unknown = await done.then(
    () => expect.unreachable(),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StatusError);
  return error as StatusError;
};
const message = async (done: Promise<unknown>): Promise<string> => (await failure(done)).message;

describe("a binding", () => {
  const binding = (target: object = { kind: "Node", name: "n" }, name = "p") => ({
    metadata: { name, annotations: { by: "scheduler" } },
    target,
  });

  test("places the pod", async () => {
    await createPod();
    expect(await act("/pods/binding", "p", binding())).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Success",
      code: 201,
    });
    expect(pod()).toMatchObject({
      metadata: { annotations: { by: "scheduler" } },
      spec: { nodeName: "n" },
      status: {
        conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime: expect.any(String) as string }],
      },
    });
  });

  test("of a dry run places nothing", async () => {
    await createPod();
    await act("/pods/binding", "p", binding(), true);
    expect(pod().spec.nodeName).toBeUndefined();
  });

  test("is made once", async () => {
    await createPod();
    await act("/pods/binding", "p", binding());
    const { status } = await failure(act("/pods/binding", "p", binding()));
    expect(status).toMatchObject({
      reason: "Conflict",
      message: 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n"',
    });
  });

  test("comes too late for a pod that goes", async () => {
    await createPod();
    await act("/pods/binding", "p", binding());
    await fixture.registry.delete({ ...fixture.at("", "pods"), name: "p" }, { dryRun: false }, fixture.context);
    expect(await message(act("/pods/binding", "p", binding()))).toBe(
      'Operation cannot be fulfilled on pods/binding "p": pod p is being deleted, cannot be assigned to a host',
    );
  });

  test.each<[binding: object, message: string]>([
    [binding({ kind: "Node", name: "n" }, "other"), "name in URL does not match name in Binding object"],
    [
      binding({ kind: "Rack" }),
      '[target.kind: Unsupported value: "Rack": supported values: "Node", "<empty>", target.name: Required value]',
    ],
    [binding({}), "target.name: Required value"],
  ])("%o is refused", async (body, expected) => {
    await createPod();
    expect(await message(act("/pods/binding", "p", body))).toBe(expected);
  });

  test("may be posted to a collection of its own", () => {
    const body = binding() as unknown as KubeObject;
    expect(boundPod(fixture.types, "a", body)).toMatchObject({ name: "p", namespace: "a", subresource: "binding" });
  });
});

describe("an eviction", () => {
  const eviction = (deleteOptions?: object) => ({ metadata: { name: "p" }, ...(deleteOptions && { deleteOptions }) });
  const budget = (name: string, status: object): Promise<KubeObject> =>
    fixture
      .create("policy", "poddisruptionbudgets", {
        metadata: { name },
        spec: { minAvailable: 1, selector: { matchLabels: { app: "shop" } } },
      })
      .then((made) =>
        fixture.registry.modify(
          { ...fixture.at("policy", "poddisruptionbudgets"), name },
          (current) =>
            ({ ...current, status: { observedGeneration: made.metadata.generation, ...status } }) as KubeObject,
          { dryRun: false },
          fixture.context,
        ),
      );
  const run = (): Promise<KubeObject> =>
    fixture.registry.modify(
      { ...fixture.at("", "pods"), name: "p" },
      (current) => ({ ...current, status: { phase: "Running" } }) as KubeObject,
      { dryRun: false },
      fixture.context,
    );
  const isThere = (): boolean => fixture.registry.view.get("/pods", "p", "a") !== undefined;

  test("deletes a pod that nothing protects", async () => {
    await createPod();
    await run();
    await act("/pods/eviction", "p", eviction({ gracePeriodSeconds: 0 }));
    expect(isThere()).toBe(false);
  });

  test("is taken out of the budget", async () => {
    await createPod({}, { app: "shop" });
    await run();
    await budget("b", { disruptionsAllowed: 1, desiredHealthy: 1, currentHealthy: 2 });
    await act("/pods/eviction", "p", eviction({ gracePeriodSeconds: 0 }));
    expect(isThere()).toBe(false);
    expect(fixture.registry.get({ ...fixture.at("policy", "poddisruptionbudgets"), name: "b" })).toMatchObject({
      status: { disruptionsAllowed: 0, disruptedPods: { p: expect.any(String) as string } },
    });
  });

  test.each<[sentence: string, status: object, why: string, retryAfterSeconds: number | undefined]>([
    [
      "that is spent",
      { disruptionsAllowed: 0, desiredHealthy: 2, currentHealthy: 2 },
      "The disruption budget b needs 2 healthy pods and has 2 currently",
      undefined,
    ],
    [
      "that nobody has looked at yet",
      { observedGeneration: 0, disruptionsAllowed: 1 },
      "The disruption budget b is still being processed by the server.",
      10,
    ],
  ])("is refused by a budget %s", async (_, status, why, retryAfterSeconds) => {
    await createPod({}, { app: "shop" });
    await run();
    await budget("b", status);
    expect((await failure(act("/pods/eviction", "p", eviction()))).status).toMatchObject({
      reason: "TooManyRequests",
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: {
        causes: [{ reason: "DisruptionBudget", message: why }],
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      },
    });
    expect(isThere()).toBe(true);
  });

  test("knows one budget only", async () => {
    await createPod({}, { app: "shop" });
    await run();
    await budget("b", { disruptionsAllowed: 1 });
    await budget("c", { disruptionsAllowed: 1 });
    expect(await message(act("/pods/eviction", "p", eviction()))).toBe(
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  });

  test("of a pod that does not run yet needs no budget", async () => {
    await createPod({}, { app: "shop" });
    await budget("b", { disruptionsAllowed: 0 });
    await act("/pods/eviction", "p", eviction({ gracePeriodSeconds: 0 }));
    expect(isThere()).toBe(false);
  });

  test("of a dry run evicts nothing", async () => {
    await createPod();
    await act("/pods/eviction", "p", eviction({ dryRun: ["All"] }));
    expect(isThere()).toBe(true);
  });
});

describe("a token", () => {
  const request = (spec: object = {}) => act("/serviceaccounts/token", "robot", { metadata: {}, spec });
  beforeEach(() => fixture.create("", "serviceaccounts", { metadata: { name: "robot" } }));

  test("is issued for an hour, for the API server", async () => {
    const answer = (await request()) as { status: { token: string } };
    expect(answer).toMatchObject({
      kind: "TokenRequest",
      metadata: { name: "robot", namespace: "a" },
      spec: { audiences: [ISSUER], expirationSeconds: 3600 },
    });
    expect(tokens.verify(answer.status.token)).toMatchObject({ username: "system:serviceaccount:a:robot" });
  });

  test("is bound to a pod that is there", async () => {
    const { metadata } = await createPod();
    const boundObjectRef = { kind: "Pod", name: "p", uid: metadata.uid };
    const { status } = (await request({ boundObjectRef })) as { status: { token: string } };
    expect(tokens.verify(status.token)?.extra).toMatchObject({
      "authentication.kubernetes.io/pod-name": ["p"],
    });
  });

  test("of a pod that runs says where", async () => {
    const { metadata } = await fixture.create("", "nodes", { metadata: { name: "n" }, spec: {} });
    await createPod({ nodeName: "n" });
    const { status } = (await request({ boundObjectRef: { kind: "Pod", name: "p" } })) as { status: { token: string } };
    expect(tokens.verify(status.token)?.extra).toMatchObject({
      "authentication.kubernetes.io/node-name": ["n"],
      "authentication.kubernetes.io/node-uid": [metadata.uid],
    });
  });

  test.each<[spec: object, message: string]>([
    [
      { expirationSeconds: 599 },
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a ' +
        "duration less than 10 minutes",
    ],
    [
      { expirationSeconds: 2 ** 32 + 1 },
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not ' +
        "specify a duration larger than 2^32 seconds",
    ],
    [{ boundObjectRef: { kind: "Pod", name: "none" } }, 'pods "none" not found'],
    [{ boundObjectRef: { kind: "Node", name: "n" } }, "cannot bind token for serviceaccount to object of type Node"],
  ])("%o is refused", async (spec, expected) => {
    expect(await message(Promise.resolve().then(() => request(spec)))).toBe(expected);
  });

  test("is not bound to another pod of the same name", async () => {
    await createPod();
    const boundObjectRef = { kind: "Pod", name: "p", uid: "other" };
    expect(await message(Promise.resolve().then(() => request({ boundObjectRef })))).toContain(
      "the UID in the bound object reference (other) does not match the UID in record.",
    );
  });
});
