import { beforeAll, describe, expect, test } from "vitest";
import { type RegistryFixture, registryFixture } from "../../../test/support/registry.ts";
import type { Listing, Page } from "./listing.ts";

let fixture: RegistryFixture;
let firstRevision: string;

beforeAll(async () => {
  fixture = await registryFixture();
  for (let i = 0; i < 7; i++) {
    const labels = { parity: i % 2 === 0 ? "even" : "odd" };
    const { metadata } = await fixture.create("", "configmaps", { metadata: { name: `m${i}`, labels } });
    if (i === 2) firstRevision = metadata.resourceVersion;
  }
});

const list = (page: Page): Listing => fixture.registry.list(fixture.at("", "configmaps"), page);
const names = ({ items }: Listing): string => items.map((item) => item.metadata.name).join(" ");

describe("pages", () => {
  test("make the whole list, at one version", async () => {
    const first = list({ limit: 3 });
    expect(names(first)).toBe("m0 m1 m2");
    expect(first.remaining).toBe(4);
    await fixture.create("", "configmaps", { metadata: { name: "m3a" } });
    const second = list({ limit: 3, continue: first.continue! });
    expect(names(second)).toBe("m3 m4 m5");
    expect(second.revision).toBe(first.revision);
    const third = list({ limit: 3, continue: second.continue! });
    expect(names(third)).toBe("m6");
    expect(third.continue).toBeUndefined();
    expect(third.remaining).toBeUndefined();
    const target = { ...fixture.at("", "configmaps"), name: "m3a" };
    await fixture.registry.delete(target, { dryRun: false }, fixture.context);
  });

  test("of a selection do not say how many are left", () => {
    const first = list({ limit: 2, labelSelector: "parity=even" });
    expect(names(first)).toBe("m0 m2");
    expect(first.remaining).toBeUndefined();
    expect(names(list({ limit: 9, labelSelector: "parity=even", continue: first.continue! }))).toBe("m4 m6");
  });

  test("end without a token when the limit is just met", () => {
    expect(list({ limit: 7 }).continue).toBeUndefined();
  });
});

describe("versions", () => {
  test.each<[string, Page, string]>([
    ["exactly one", { resourceVersion: "?", resourceVersionMatch: "Exact" }, "m0 m1 m2"],
    ["exactly one, when there is a limit", { resourceVersion: "?", limit: 50 }, "m0 m1 m2"],
    ["at least one", { resourceVersion: "?", resourceVersionMatch: "NotOlderThan" }, "m0 m1 m2 m3 m4 m5 m6"],
    ["at least one, without a limit", { resourceVersion: "?" }, "m0 m1 m2 m3 m4 m5 m6"],
    ["any", { resourceVersion: "0" }, "m0 m1 m2 m3 m4 m5 m6"],
  ])("%s", (_, page, want) => {
    const resourceVersion = page.resourceVersion === "?" ? firstRevision : page.resourceVersion!;
    expect(names(list({ ...page, resourceVersion }))).toBe(want);
  });

  test("that are still to come are refused with a hint to try again", () => {
    const ahead = fixture.registry.revision + 3;
    expect(() => list({ resourceVersion: String(ahead) })).toThrow(
      expect.objectContaining({
        message: `Timeout: Too large resource version: ${ahead}, current: ${fixture.registry.revision}`,
        status: expect.objectContaining({ code: 504, details: expect.objectContaining({ retryAfterSeconds: 1 }) }),
      }),
    );
  });

  test("that are no numbers are refused", () => {
    expect(() => list({ resourceVersion: "x" })).toThrow(
      'invalid resource version: resourceVersion: Invalid value: "x"',
    );
  });

  test("are not for those who continue", () => {
    const { continue: token } = list({ limit: 1 });
    expect(() => list({ continue: token!, resourceVersion: "5" })).toThrow(
      "specifying resource version is not allowed when using continue",
    );
  });
});

test("one object by its name", () => {
  expect(names(list({ fieldSelector: "metadata.name=m4" }))).toBe("m4");
  expect(names(list({ fieldSelector: "metadata.name=m4", labelSelector: "parity=odd" }))).toBe("");
  expect(names(list({ fieldSelector: "metadata.name=none" }))).toBe("");
});
