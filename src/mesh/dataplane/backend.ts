import type { Random } from "../../lib/random.ts";
import type { Endpoint } from "./endpoint.ts";
import { RetryBudget } from "./retry-budget.ts";

/** One port of a Service as a destination: its endpoints, and the choice between them. */
export class Backend {
  readonly id: string;
  readonly budget: RetryBudget;
  endpoints: readonly Endpoint[] = [];

  constructor(id: string, now: number) {
    this.id = id;
    this.budget = new RetryBudget(now);
  }

  /**
   * True when this backend alone keeps half of the connections busy that there may be: one that hangs must leave room for all others.
   * `connections`: those of all clients now.
   */
  isCrowded(connections: number, limit: number): boolean {
    if (connections < limit / 2) return false;
    return this.endpoints.reduce((sum, { inFlight }) => sum + inFlight, 0) >= limit / 2;
  }

  /**
   * The less busy of two endpoints drawn at random (power of two choices): nearly as even as the least busy of all, without
   * every worker rushing to the same one. Ejected ones only when there is no other; never one of `tried`.
   */
  pick(random: Random, now: number, tried: readonly Endpoint[]): Endpoint | undefined {
    const { endpoints } = this;
    const [first, second] = endpoints;
    if (second === undefined) return first === undefined || tried.includes(first) ? undefined : first;
    const place = Math.floor(random.next() * endpoints.length);
    const offset = endpoints.length === 2 ? 1 : 1 + Math.floor(random.next() * (endpoints.length - 1));
    const a = endpoints[place] as Endpoint;
    const b = endpoints[(place + offset) % endpoints.length] as Endpoint;
    if (tried.length === 0 && !a.isEjected(now) && !b.isEjected(now)) return a.inFlight <= b.inFlight ? a : b;
    return this.#pickWithCare(random, now, tried);
  }

  #pickWithCare(random: Random, now: number, tried: readonly Endpoint[]): Endpoint | undefined {
    const untried = this.endpoints.filter((endpoint) => !tried.includes(endpoint));
    const healthy = untried.filter((endpoint) => !endpoint.isEjected(now));
    const among = healthy.length > 0 ? healthy : untried;
    return among[Math.floor(random.next() * among.length)];
  }
}
