import { expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { silentLogger } from "../observe/logger.ts";
import { memoryStore } from "./memory-history.ts";
import { describeStore, put } from "./store.case.ts";

describeStore("memoryStore", memoryStore);

it("memoryStore() catches whoever changes a shared document", async () => {
  await using store = memoryStore({ clock: new FakeClock(), log: silentLogger });
  const { object } = await put(store, "/configmaps", "a", { list: [1] });
  expect(() => Object.assign(object.metadata, { labels: {} })).toThrow(TypeError);
});
