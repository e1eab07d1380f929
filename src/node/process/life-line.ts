import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import type { ProcessIdentity } from "../../lib/proc-stat.ts";
import { isAlive } from "./process-identity.ts";

/**
 * Calls `ended` once when the process that holds the FIFO at `path` open for writing is gone: at once if it is gone
 * already. This works for processes that are not our children, without asking again and again. The returned function
 * stops it.
 */
export function watchLifeLine(path: string, holder: ProcessIdentity, ended: () => void): () => void {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    queueMicrotask(ended);
    return () => undefined;
  }
  // A FIFO that no writer has opened since says nothing: look after opening, so that none is missed.
  if (!isAlive(holder)) {
    closeSync(descriptor);
    queueMicrotask(ended);
    return () => undefined;
  }
  const socket = new Socket({ fd: descriptor, readable: true, writable: false });
  socket.on("error", () => undefined);
  socket.once("close", ended);
  socket.resume();
  socket.unref();
  return () => {
    socket.off("close", ended);
    socket.destroy();
  };
}

/** Takes the place of a life line, so that no shim can make it any more; false when one has made it. */
export function takeLifeLine(path: string): boolean {
  try {
    closeSync(openSync(path, "wx"));
    return true;
  } catch {
    return false;
  }
}

/** Leaves word for a shim that it is not waited for any more; on a disk without room it goes without. */
export function abandon(path: string): void {
  try {
    closeSync(openSync(path, "w"));
  } catch {
    return;
  }
}
