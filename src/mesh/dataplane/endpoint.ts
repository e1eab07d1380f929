import type { UpstreamConnection } from "./upstream-connection.ts";

/** After this many refused connections in a row an endpoint gets no requests for a while. */
const EJECT_AFTER = 3;
const EJECT_FIRST = 1_000;
const EJECT_MOST = 30_000;

/**
 * One address and port of a pod as this worker knows it, whatever Services it is in: the requests in flight on it, its unused
 * connections, whether it can be reached.
 */
export class Endpoint {
  readonly address: string;
  readonly port: number;
  /** `ns/pod`, for the log. */
  pod: string | undefined;
  /** Called when the last request on it has ended. */
  emptied: (() => void) | undefined;
  #inFlight = 0;
  /** In no backend any more: its connections are closed as they become free. */
  gone = false;
  /** The pod is going, although it may still be in use because no other is ready. */
  terminating = false;
  /** Unused connections, the one used last at the end. */
  readonly #idle: UpstreamConnection[] = [];
  /** The shortest time for which the server has left a connection unused before it closed it; milliseconds. */
  #closedAfter = Number.POSITIVE_INFINITY;
  #refusals = 0;
  #ejectedUntil = 0;
  #ejections = 0;

  constructor(address: string, port: number) {
    this.address = address;
    this.port = port;
  }

  /** Requests and raw connections under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  enter(): void {
    this.#inFlight++;
  }

  exit(): void {
    if (--this.#inFlight === 0) this.emptied?.();
  }

  isEjected(now: number): boolean {
    return this.#ejectedUntil > now;
  }

  /**
   * A connection that is not in use and that the server is not about to close; undefined when there is none.
   * `youngest`: only one that was in use less than that many milliseconds ago, and not half as long ago as it takes this server
   * to close one without a word.
   */
  takeIdle(now: number, youngest: number): UpstreamConnection | undefined {
    const limit = youngest === Number.POSITIVE_INFINITY ? youngest : Math.min(youngest, this.#closedAfter / 2);
    for (;;) {
      const last = this.#idle.at(-1);
      if (!last) return undefined;
      const age = now - last.idleSince;
      if (age >= limit && age < last.idleLimit) return undefined;
      this.#idle.pop();
      if (age < last.idleLimit) return last;
      last.destroy();
    }
  }

  putIdle(connection: UpstreamConnection, limit: number): void {
    if (this.gone || this.#idle.length >= limit) connection.destroy();
    else this.#idle.push(connection);
  }

  /** The server closed a connection that was not in use. */
  dropIdle(connection: UpstreamConnection, now: number): void {
    this.#closedAfter = Math.min(this.#closedAfter, now - connection.idleSince);
    const place = this.#idle.lastIndexOf(connection);
    if (place >= 0) this.#idle.splice(place, 1);
  }

  closeIdle(now: number): void {
    const kept = this.#idle.findIndex((connection) => now - connection.idleSince < connection.idleLimit);
    for (const connection of this.#idle.splice(0, kept < 0 ? this.#idle.length : kept)) connection.destroy();
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** No requests any more: unused connections are closed now, the others when they become free. */
  leave(): void {
    this.gone = true;
    // Should the address come back, it is another pod's.
    this.reached();
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  reached(): void {
    this.#refusals = 0;
    this.#ejections = 0;
    this.#ejectedUntil = 0;
  }

  /** The k-th ejection in a row lasts 2^(k-1) seconds, at most 30. */
  refused(now: number): void {
    // What listens there next is another program.
    this.#closedAfter = Number.POSITIVE_INFINITY;
    if (++this.#refusals < EJECT_AFTER) return;
    this.#refusals = 0;
    this.#ejectedUntil = now + Math.min(EJECT_MOST, EJECT_FIRST * 2 ** this.#ejections++);
  }
}
