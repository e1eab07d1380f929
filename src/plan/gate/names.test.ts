import { expect, test } from "vitest";
import type { Release } from "../../api/generated/sluice-dev.ts";
import { releaseName, sessionOf } from "./names.ts";

const release = (uid: string, namespace = "default"): Release => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "Release",
  metadata: { name: "shop-2", namespace, uid, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
  spec: { targetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop" } },
});

test("a session is told apart from that of another attempt, namespace or life of the Deployment", () => {
  const first = release("3f1c9a70-0e0f-4c3e-9d5e-000000000001");
  const others = [sessionOf(first, 2), sessionOf(release("77aa0c11-0e0f-4c3e-9d5e-000000000001", "other"), 1)];
  expect(sessionOf(first, 1)).toBe("shop-2.1.3f1c9a70");
  expect(new Set([sessionOf(first, 1), ...others]).size).toBe(3);
});

test("a release is named after its revision, with a number when that name is taken", () => {
  expect(releaseName("shop", "3", new Set())).toBe("shop-3");
  expect(releaseName("shop", "3", new Set(["shop-3", "shop-3-2"]))).toBe("shop-3-3");
});
