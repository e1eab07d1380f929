/** Bounds of what one client or one backend may cost. Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** Header section of a request or response, with its first line. */
  readonly headBytes: number;
  /** From the first byte of a request (or from the accepted connection) to the end of its head. */
  readonly headTime: number;
  /** How long a client's connection may stay without a request. */
  readonly keepAlive: number;
  /** Between two pieces of a request's content. */
  readonly contentIdle: number;
  /** Without any byte from the backend, while its answer is awaited or under way. */
  readonly answerIdle: number;
  /** Without any byte on an upgraded or raw connection. */
  readonly tunnelIdle: number;
  readonly connect: number;
  /** Content that is read only to be thrown away, so that the client reads our answer instead of a reset. */
  readonly discardBytes: number;
  readonly discardTime: number;
  /** How long a client that sends on is read although its connection has ended on our side; `discardTime` without any byte. */
  readonly lingerTime: number;
  /** Content kept so that the request can be sent again (as in Linkerd). */
  readonly replayBytes: number;
  /** How long a connection to a backend may stay unused: less than any usual server keeps it. */
  readonly upstreamIdle: number;
  /** The same for requests that must not be sent twice: the server is very unlikely to be closing it just now. */
  readonly upstreamFresh: number;
  readonly idlePerEndpoint: number;
  readonly connections: number;
  /** How long an undeclared port waits for the client to speak first. */
  readonly detect: number;
  /** How often deadlines are looked at: they can be late by this much. */
  readonly sweep: number;
}

export const LIMITS: Limits = {
  headBytes: 32_768,
  headTime: 10_000,
  keepAlive: 120_000,
  contentIdle: 30_000,
  answerIdle: 300_000,
  tunnelIdle: 3_600_000,
  connect: 2_000,
  discardBytes: 262_144,
  discardTime: 2_000,
  lingerTime: 30_000,
  replayBytes: 65_536,
  upstreamIdle: 3_000,
  upstreamFresh: 500,
  idlePerEndpoint: 256,
  connections: 20_000,
  detect: 50,
  sweep: 50,
};

/** Files for listeners, logs, sockets of the other workers and the API. */
const OTHER_FILES = 256;
const FEWEST_CONNECTIONS = 100;

/**
 * Limits that the open files which the kernel allows are enough for: without a file for its connection, a healthy backend looks like one
 * that refuses. `processLimits`: the text of /proc/self/limits (proc(5)). Example: 4096 files, (4096 - 256) / 2 = 1920 connections.
 */
export function limitsFor(processLimits: string): Limits {
  const files = Number(/^Max open files +(\d+)/m.exec(processLimits)?.[1] ?? Number.POSITIVE_INFINITY);
  const affordable = Math.max(FEWEST_CONNECTIONS, Math.floor((files - OTHER_FILES) / 2));
  return { ...LIMITS, connections: Math.min(LIMITS.connections, affordable) };
}
