import { expect, test } from "vitest";
import type { ListenerSpec } from "../../plan/routing/snapshot.ts";
import { serviceAddress } from "./service-address.ts";

const listener = (address: string, port: number, namespace: string, name: string): ListenerSpec => ({
  address,
  port,
  service: { namespace, name, port },
  protocol: "http",
  rules: [],
  matches: [],
  fallback: "",
});
const snapshot = {
  listeners: [
    listener("127.0.0.1", 80, "a", "shop"),
    listener("127.64.0.2", 80, "a", "shop"),
    listener("127.64.0.3", 80, "b", "shop"),
    listener("127.64.0.3", 81, "b", "shop"),
  ],
};

test.each([
  ["shop", 80, "a", "127.64.0.2"],
  ["SHOP", 80, "b", "127.64.0.3"],
  ["shop.b", 80, "a", "127.64.0.3"],
  ["shop.b.svc", 81, "a", "127.64.0.3"],
  ["shop.a.svc.cluster.local", 80, "b", "127.64.0.2"],
  ["shop.a.svc.cluster.local.", 80, "b", "127.64.0.2"],
  ["shop", 80, "c", "shop"],
  ["shop", 82, "a", "shop"],
  ["shop.a.example", 80, "a", "shop.a.example"],
  ["127.64.128.1", 80, "a", "127.64.128.1"],
])("%s:%d from %s leads to %s", (host, port, namespace, want) =>
  expect(serviceAddress({ host, port }, namespace, snapshot)).toEqual({ host: want, port }),
);

test("before anything is known every name leads to itself", () =>
  expect(serviceAddress({ host: "shop", port: 80 }, "a", undefined)).toEqual({ host: "shop", port: 80 }));
