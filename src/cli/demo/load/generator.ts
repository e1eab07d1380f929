import { createWriteStream } from "node:fs";
import type { Clock } from "../../../lib/clock.ts";
import type { Random } from "../../../lib/random.ts";
import { type LoadPlan, nextRequest } from "./plan.ts";
import { Sender } from "./sender.ts";

/** How often the generator looks which requests are due. */
const TICK = 5;

/**
 * Sends the planned load until the signal is aborted, then waits for the answers. Every request becomes a line in the log
 * when it has ended. The load is open: a slow server does not slow the senders down.
 */
export async function generateLoad(
  plan: LoadPlan,
  log: string,
  clock: Clock,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  using sender = new Sender(clock);
  const file = createWriteStream(log, { flags: "a" });
  const pending = new Set<Promise<void>>();
  const began = clock.monotonic();
  let sent = 0;
  while (!signal.aborted) {
    const due = ((clock.monotonic() - began) / 1000) * plan.rate;
    for (; sent < due; sent++) {
      const one = sender
        .send(nextRequest(plan, random))
        .then((record) => void file.write(`${JSON.stringify(record)}\n`));
      pending.add(one);
      void one.finally(() => pending.delete(one));
    }
    await new Promise<void>((resolve) => clock.after(TICK, resolve));
  }
  await Promise.all(pending);
  await new Promise<void>((resolve) => file.end(resolve));
}
