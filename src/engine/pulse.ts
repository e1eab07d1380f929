import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";

/**
 * `still`: the process has the socket, but does not get round to answering: it hangs, or is stopped. `unknown`: there is nobody to
 * ask, which says nothing about a process that may only be starting, or ending.
 */
export type PulseState = "beats" | "still" | "unknown";

/**
 * Answers every connection to the unix socket `<run>/<name>.pulse` for as long as the event loop of this process turns. `run` is best
 * the working directory, ".": the path of a unix socket must not be longer than 107 bytes.
 */
export async function startPulse(run: string, name: string): Promise<Disposable> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end("beats\n");
  });
  const path = socketPath(run, name);
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return { [Symbol.dispose]: () => void server.close() };
}

/** Asks the process whether its event loop turns; `still` when it has not answered within `timeout` milliseconds. */
export function feelPulse(run: string, name: string, clock: Clock, timeout: number): Promise<PulseState> {
  return new Promise((resolve) => {
    const socket = connect(socketPath(run, name));
    const settle = (state: PulseState): void => {
      cancel();
      socket.destroy();
      resolve(state);
    };
    const cancel = clock.after(timeout, () => settle("still"));
    socket
      .once("data", () => settle("beats"))
      .once("close", () => settle("unknown"))
      // The queue of connections that were not taken up is full.
      .once("error", (error: NodeJS.ErrnoException) => settle(error.code === "EAGAIN" ? "still" : "unknown"));
  });
}

const socketPath = (run: string, name: string): string => join(run, `${name}.pulse`);
