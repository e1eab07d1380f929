import { expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { ScriptedClient } from "../../test/support/scripted-client.ts";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { pods, services } from "../api/generated/resources.ts";
import { silentLogger } from "../observe/logger.ts";
import { Informers } from "./informers.ts";

it("Informers shares one watch between those who ask for the same objects, and stops them all", async () => {
  const api = new ScriptedClient();
  const informers = new Informers(api.client, { clock: new FakeClock(), random: seededRandom(), log: silentLogger });
  expect(informers.of(pods)).toBe(informers.of(pods));
  expect(informers.of(pods, { labelSelector: "a=b" })).not.toBe(informers.of(pods));
  informers.of(services);
  expect(api.watches.map((watch) => watch.options)).toEqual([{}, { labelSelector: "a=b" }, {}]);
  for (const watch of api.watches) await watch.send({ type: "BOOKMARK", resourceVersion: "1", initialEventsEnd: true });
  await informers.synced();
  await informers[Symbol.asyncDispose]();
  expect(api.watches.every((watch) => watch.signal.aborted)).toBe(true);
});
