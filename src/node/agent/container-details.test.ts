import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { container, pod } from "../../../test/support/fixtures/pods.ts";
import { resolveUser } from "./image-user.ts";
import { hostnameOf, resolvConfOf } from "./pod-names.ts";
import { stopSignalOf } from "./stop-signal.ts";
import { terminationMessage } from "./termination-message.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sluice-details-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the user", () => {
  beforeEach(() => {
    mkdirSync(join(dir, "etc"));
    writeFileSync(join(dir, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\n");
    writeFileSync(join(dir, "etc/group"), "staff:x:50:\n");
  });
  test.each([
    [{ user: "node" }, { uid: 1000, gid: 1001, home: "/home/node" }],
    [{ user: "1000" }, { uid: 1000, gid: 1001, home: "/home/node" }],
    [
      { user: "node", group: "staff" },
      { uid: 1000, gid: 50, home: "/home/node" },
    ],
    [
      { user: "77", group: "88" },
      { uid: 77, gid: 88, home: "/" },
    ],
    [{ user: "0" }, { uid: 0, gid: 0, home: "/root" }],
  ])("%j", (identity, want) => expect(resolveUser(identity, dir)).toEqual(want));
  test("that nobody knows is refused", () => {
    expect(() => resolveUser({ user: "bob" }, dir)).toThrow(
      "unable to find user bob: no matching entries in passwd file",
    );
    expect(() => resolveUser({ user: "0", group: "wheels" }, dir)).toThrow("unable to find group wheels");
  });
});

test.each([
  [undefined, undefined, "SIGTERM"],
  [undefined, "SIGINT", "SIGINT"],
  [undefined, "quit", "SIGQUIT"],
  [undefined, "10", "SIGUSR1"],
  [undefined, "nonsense", "SIGTERM"],
  ["SIGUSR2" as const, "SIGINT", "SIGUSR2"],
])("the stop signal of a pod that says %s and an image that says %s", (own, image, want) => {
  expect(stopSignalOf(container(own === undefined ? {} : { lifecycle: { stopSignal: own } }), image)).toBe(want);
});

test("the host name is the pod's, cut to what a host name may be", () => {
  expect(hostnameOf(pod())).toBe("shop-1");
  expect(hostnameOf(pod({ spec: { hostname: "other" } }))).toBe("other");
  expect(hostnameOf(pod({ metadata: { name: `${"a".repeat(62)}-bcd` } }))).toBe("a".repeat(62));
});

test("resolv.conf is the machine's, unless the pod says otherwise", () => {
  const machine = "# c\nnameserver 1.1.1.1\n";
  const dnsConfig = {
    nameservers: ["2.2.2.2"],
    searches: ["a", "b"],
    options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
  };
  expect(resolvConfOf(pod(), machine)).toBeUndefined();
  expect(resolvConfOf(pod({ spec: { dnsConfig } }), machine)).toBe(
    "nameserver 1.1.1.1\nnameserver 2.2.2.2\nsearch a b\noptions ndots:2 edns0\n",
  );
  expect(resolvConfOf(pod({ spec: { dnsPolicy: "None", dnsConfig: { nameservers: ["2.2.2.2"] } } }), machine)).toBe(
    "nameserver 2.2.2.2\n",
  );
});

describe("last words", () => {
  const words = async (own: string | undefined, log: string, exitCode: number) => {
    if (own !== undefined) writeFileSync(join(dir, "own"), own);
    writeFileSync(join(dir, "log"), log);
    return terminationMessage(join(dir, "own"), join(dir, "log"), exitCode);
  };
  test("are what the program left", async () => expect(await words("bye", "log", 1)).toBe("bye"));
  test("are the end of the log when it failed", async () => expect(await words("", "log\n", 1)).toBe("log\n"));
  test("are not needed when it did well", async () => expect(await words("", "log", 0)).toBeUndefined());
  test("may be none", async () => expect(await words(undefined, "", 1)).toBeUndefined());
  test("are not too many", async () => {
    expect((await words("x".repeat(9000), "", 1))?.length).toBe(4096);
    expect((await words("", "y".repeat(9000), 1))?.length).toBe(2048);
    expect((await words("", "l\n".repeat(200), 1))?.split("\n")).toHaveLength(81);
  });
});
