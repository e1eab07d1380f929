import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PodAddresses } from "./pod-addresses.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sluice-addresses-"));
  path = join(dir, "pods/addresses.json");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("addresses are given in turn, not again at once, also after a restart", () => {
  const addresses = new PodAddresses(path, 70);
  expect([addresses.allocate("a"), addresses.allocate("b"), addresses.allocate("a")]).toEqual([
    "127.70.128.1",
    "127.70.128.2",
    "127.70.128.1",
  ]);
  addresses.release("a");
  expect(addresses.allocate("c")).toBe("127.70.128.3");
  const later = new PodAddresses(path, 70);
  expect(later.get("b")).toBe("127.70.128.2");
  expect(later.allocate("d")).toBe("127.70.128.4");
});

test("after the last comes the first that is free", () => {
  writeFileSync(join(dir, "kept"), JSON.stringify({ cursor: 128 * 254 - 2, addresses: { x: "127.70.128.1" } }));
  const addresses = new PodAddresses(join(dir, "kept"), 70);
  expect([addresses.allocate("a"), addresses.allocate("b")]).toEqual(["127.70.255.254", "127.70.128.2"]);
});

test("addresses of another slice, and a file that cannot be read, are forgotten", () => {
  new PodAddresses(path, 70).allocate("a");
  expect(new PodAddresses(path, 71).get("a")).toBeUndefined();
  writeFileSync(path, "{");
  expect(new PodAddresses(path, 70).allocate("b")).toBe("127.70.128.1");
});

test("a pod that has an address already keeps it, if it is free and ours", () => {
  const addresses = new PodAddresses(path, 70);
  addresses.claim("a", "127.70.130.5");
  addresses.claim("b", "127.70.130.5");
  addresses.claim("c", "10.0.0.1");
  addresses.claim("a", "127.70.130.6");
  expect(["a", "b", "c"].map((uid) => addresses.get(uid))).toEqual(["127.70.130.5", undefined, undefined]);
});

test("when all are in use it says so", () => {
  const all = Array.from({ length: 128 * 254 }, (_, i) => [
    `p${i}`,
    `127.70.${128 + Math.floor(i / 254)}.${1 + (i % 254)}`,
  ]);
  writeFileSync(join(dir, "kept"), JSON.stringify({ cursor: 0, addresses: Object.fromEntries(all) }));
  expect(() => new PodAddresses(join(dir, "kept"), 70).allocate("x")).toThrow("all pod addresses are in use");
});
