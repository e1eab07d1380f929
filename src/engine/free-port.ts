import { createServer } from "node:net";
import { AppError } from "../lib/app-error.ts";
import { claim } from "./claim.ts";
import { pathHash } from "./path-hash.ts";

/** Whether a server could listen on 127.0.0.1:`port` now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port }, () => server.close(() => resolve(true)));
  });
}

/** Outside of every engine's slice: a port here stands for the same port of 127.0.0.1. */
const CLAIM_HOST = "127.63.255.254";

/**
 * Takes part in the claim on a port of 127.0.0.1 (src/engine/claim.ts): nobody listens on it while the control process is being
 * restarted, and an engine that is started in that moment must not take it.
 */
export function claimPort(port: number, shared: boolean): Promise<Disposable | undefined> {
  return claim({ host: CLAIM_HOST, port }, shared);
}

/** Whether an engine could take 127.0.0.1:`port` for itself now: nobody listens on it, and no other engine lays claim to it. */
export async function isPortUnclaimed(port: number): Promise<boolean> {
  const held = await claimPort(port, false);
  held?.[Symbol.dispose]();
  return held !== undefined && (await isPortFree(port));
}

/** Where ports of an engine are looked for when the usual one is taken: below NodePorts and the kernel's own choices. */
const FIRST = 20_000;
const COUNT = 10_000;

/**
 * `preferred` when it is free, else a port of the home's own: the search starts where its path hashes to, so that engines
 * that start at the same time do not get in each other's way. Never one that the kernel gives to outgoing connections: such a
 * connection could take the port while the process that listens on it is being restarted.
 */
export async function freePort(preferred: number, homePath: string): Promise<number> {
  if (await isPortUnclaimed(preferred)) return preferred;
  const start = pathHash(homePath) + preferred;
  for (let i = 0; i < COUNT; i++) {
    const port = FIRST + ((start + i) % COUNT);
    if (await isPortUnclaimed(port)) return port;
  }
  throw new AppError("no-port", `no port of 127.0.0.1 from ${FIRST} to ${FIRST + COUNT - 1} is free`);
}
