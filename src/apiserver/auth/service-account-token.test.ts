import { generateKeyPairSync } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import { Authenticator } from "./authenticator.ts";
import { ISSUER, ServiceAccountTokens } from "./service-account-token.ts";

const newKey = (): string =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const key = newKey();

let clock: FakeClock;
let uids: Map<string, string>;
let tokens: ServiceAccountTokens;
beforeEach(() => {
  clock = new FakeClock();
  uids = new Map([
    ["ServiceAccount a/robot", "u1"],
    ["Pod a/p", "u2"],
  ]);
  tokens = tokensOf(key);
});

const tokensOf = (signer: string): ServiceAccountTokens =>
  new ServiceAccountTokens({
    key: signer,
    clock,
    random: seededRandom(),
    uidOf: (kind, namespace, name) => uids.get(`${kind} ${namespace}/${name}`),
  });
const issue = (change: object = {}, from = tokens): string =>
  from.issue({
    namespace: "a",
    serviceAccount: { name: "robot", uid: "u1" },
    audiences: [ISSUER],
    expirationSeconds: 3600,
    ...change,
  }).token;
const bound = { boundTo: { kind: "Pod", name: "p", uid: "u2" } };

describe("a service account's token", () => {
  test("proves the account", () => {
    expect(tokens.verify(issue())).toMatchObject({
      username: "system:serviceaccount:a:robot",
      uid: "u1",
      groups: ["system:serviceaccounts", "system:serviceaccounts:a"],
    });
  });

  test("says which pod has it", () => {
    expect(tokens.verify(issue(bound))?.extra).toMatchObject({
      "authentication.kubernetes.io/pod-name": ["p"],
      "authentication.kubernetes.io/pod-uid": ["u2"],
    });
  });

  test("says where its pod runs", () => {
    expect(tokens.verify(issue({ ...bound, node: { name: "n", uid: "u3" } }))?.extra).toMatchObject({
      "authentication.kubernetes.io/node-name": ["n"],
      "authentication.kubernetes.io/node-uid": ["u3"],
    });
  });

  test("is verified by the public key that it names", async () => {
    const { kid, ...key } = tokens.publicKey;
    const [header = "", payload, signature = ""] = issue().split(".");
    expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({ alg: "ES256", kid, typ: "JWT" });
    const imported = await crypto.subtle.importKey("jwk", key, { name: "ECDSA", namedCurve: "P-256" }, false, [
      "verify",
    ]);
    const content = Buffer.from(`${header}.${payload}`);
    const good = Buffer.from(signature, "base64url");
    expect(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, imported, good, content)).toBe(true);
  });

  test("ends in time", async () => {
    const token = issue();
    await clock.advance(3_599_000);
    expect(tokens.verify(token)).toBeDefined();
    await clock.advance(1000);
    expect(tokens.verify(token)).toBeUndefined();
  });

  test("ends with its account, even when another takes its name", () => {
    const token = issue();
    uids.set("ServiceAccount a/robot", "u9");
    expect(tokens.verify(token)).toBeUndefined();
    uids.delete("ServiceAccount a/robot");
    expect(tokens.verify(token)).toBeUndefined();
  });

  test("ends with its pod", () => {
    const token = issue(bound);
    uids.delete("Pod a/p");
    expect(tokens.verify(token)).toBeUndefined();
  });

  test("is for its audience only", () => {
    const token = issue({ audiences: ["vault"] });
    expect(tokens.verify(token)).toBeUndefined();
    expect(tokens.verify(token, ["vault"])).toBeDefined();
  });

  test.each([
    ["of another key", () => issue({}, tokensOf(newKey()))],
    [
      "with another content",
      () => {
        const [header, , signature] = issue().split(".");
        const claims = Buffer.from(JSON.stringify({ sub: "system:serviceaccount:a:admin" })).toString("base64url");
        return [header, claims, signature].join(".");
      },
    ],
    ["without a signature", () => issue().split(".").slice(0, 2).join(".")],
    ["that is none", () => "rubbish"],
    ["that is empty", () => ""],
  ])("%s proves nothing", (_, make) => expect(tokens.verify(make())).toBeUndefined());
});

describe("Authenticator", () => {
  const authenticate = (credentials: Parameters<Authenticator["authenticate"]>[0]): unknown =>
    new Authenticator("secret", tokens).authenticate(credentials);

  test("knows nobody without credentials", () => {
    expect(authenticate({})).toEqual({ username: "system:anonymous", groups: ["system:unauthenticated"] });
    expect(authenticate({ authorization: "Basic eDp5" })).toMatchObject({ username: "system:anonymous" });
  });

  test("believes a certificate before a token", () => {
    const certificate = { username: "zoe", groups: ["staff"] };
    expect(authenticate({ certificate, authorization: "Bearer wrong" })).toEqual({
      username: "zoe",
      groups: ["staff", "system:authenticated"],
    });
  });

  test("knows the administrator and service accounts by their tokens", () => {
    expect(authenticate({ authorization: "Bearer secret" })).toEqual({
      username: "sluice-admin",
      groups: ["system:masters", "system:authenticated"],
    });
    expect(authenticate({ authorization: `bearer  ${issue()}` })).toMatchObject({
      groups: ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"],
    });
  });

  test.each([{ authorization: "Bearer wrong" }, { certificate: "bad" as const }])(
    "refuses what proves nothing: %j",
    (given) => {
      expect(() => authenticate(given)).toThrow("Unauthorized");
    },
  );
});
