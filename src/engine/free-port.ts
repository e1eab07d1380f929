import { createServer } from "node:net";
import { AppError } from "../lib/app-error.ts";
import { pathHash } from "./path-hash.ts";

/** Whether a server could listen on 127.0.0.1:`port` now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port }, () => server.close(() => resolve(true)));
  });
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
  if (await isPortFree(preferred)) return preferred;
  const start = pathHash(homePath) + preferred;
  for (let i = 0; i < COUNT; i++) {
    const port = FIRST + ((start + i) % COUNT);
    if (await isPortFree(port)) return port;
  }
  throw new AppError("no-port", `no port of 127.0.0.1 from ${FIRST} to ${FIRST + COUNT - 1} is free`);
}
