/**
 * A program that writes to a store until it is killed, and says on its output what was acknowledged: one JSON line each, written
 * before anything else happens. Arguments: file, seed, and whether to write for ever or to hold still after the first line.
 */
import { writeSync } from "node:fs";
import { silentLogger } from "../../src/observe/logger.ts";
import { openSqliteStore } from "../../src/store/sqlite-file.ts";
import { FakeClock } from "./fake-clock.ts";
import { seededRandom } from "./seeded-random.ts";

const [path = "", seed = "1", mode = "write"] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const clock = new FakeClock();
const store = openSqliteStore(path, {
  clock,
  log: silentLogger,
  ephemeral: new Set(["sluice.dev/meshworkers"]),
  retention: { milliseconds: 3_600_000, events: 3000 },
});

const say = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);
say({ opened: store.revision });

/** One writer: counts up in its key, now and then removes it or writes an ephemeral document. */
async function writer(key: string): Promise<never> {
  for (;;) {
    const dice = random.next();
    const resource = dice < 0.1 ? "sluice.dev/meshworkers" : "/configmaps";
    let removed = false;
    const { object } = await store.write(resource, key, (current, revision) => {
      const count = Number((current as { data?: { count?: number } } | undefined)?.data?.count ?? 0) + 1;
      const metadata = { name: key, uid: key, resourceVersion: String(revision), creationTimestamp: "" };
      const next = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata,
        data: { count, filler: "x".repeat(random.next() * 16_000) },
      };
      removed = dice > 0.93 && current !== undefined;
      return removed ? { kind: "remove", last: next } : { kind: "put", object: next };
    });
    say({ resource, key, revision: Number(object.metadata.resourceVersion), removed });
    if (random.next() < 0.01) await clock.advance(3_600_000 / 15);
  }
}

if (mode === "write") for (let i = 0; i < 8; i++) void writer(`key-${i}`);
else setInterval(() => undefined, 1000);
