import type { MeshWorker, Trip } from "../../api/generated/sluice-dev.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Gate } from "./gate.ts";
import { type FailureCount, tripDecision } from "./trip-decision.ts";

export type TripRecord = NonNullable<NonNullable<MeshWorker["status"]>["trips"]>[number];

/** What a worker says to the others. Counts are cumulative, so that saying something twice, or late, does no harm. */
export type PeerMessage =
  | { readonly kind: "failures"; readonly session: string; readonly count: FailureCount }
  | { readonly kind: "trip"; readonly trip: TripRecord };

export interface GatekeeperDeps {
  readonly clock: Clock;
  /** This run of this worker. */
  readonly epoch: string;
  /** Name of this worker, for the record. */
  readonly worker: string;
  /** Trips of an earlier run. */
  readonly trips: readonly TripRecord[];
  /** Tells the other workers. */
  tell(message: PeerMessage): void;
  /** Trips have changed: keep them, and report them. */
  tripped(trips: readonly TripRecord[]): void;
}

/**
 * Counts the failures of each session, its own and those that other workers tell, and shuts the gate at the one that reaches
 * the limit of the session's Trip. A gate that was shut stays shut: only a new session opens it again.
 */
export class Gatekeeper {
  readonly #deps: GatekeeperDeps;
  readonly #gates = new Map<string, Gate>();
  /** Trip specs by `ns/name` of the Trip. */
  readonly #specs = new Map<string, Trip["spec"]>();
  /** Counts by session, then by epoch and endpoint. */
  readonly #counts = new Map<string, Map<string, FailureCount>>();
  readonly #trips = new Map<string, TripRecord>();

  constructor(deps: GatekeeperDeps) {
    this.#deps = deps;
    for (const trip of deps.trips) {
      this.#trips.set(trip.session, trip);
      this.gate(trip.session).shut = true;
    }
  }

  gate(session: string): Gate {
    const known = this.#gates.get(session);
    if (known) return known;
    const gate: Gate = { session, shut: this.#trips.has(session), lastSent: 0 };
    this.#gates.set(session, gate);
    return gate;
  }

  get trips(): readonly TripRecord[] {
    return [...this.#trips.values()];
  }

  /** The limits have changed; undefined: the Trip is gone. */
  setTrip(key: string, spec: Trip["spec"] | undefined): void {
    if (spec) {
      this.#specs.set(key, spec);
      this.#decide(spec.session);
    } else this.#specs.delete(key);
  }

  /** This worker counted a failure. */
  failed(session: string, endpoint: string, version: "new" | "old"): void {
    const counts = this.#countsOf(session);
    const key = `${this.#deps.epoch}\n${endpoint}`;
    const before = counts.get(key) ?? { epoch: this.#deps.epoch, endpoint, new: 0, old: 0 };
    const count = { ...before, [version]: before[version] + 1 };
    counts.set(key, count);
    this.#decide(session);
    this.#deps.tell({ kind: "failures", session, count });
  }

  /** Another worker says something. */
  heard(message: PeerMessage): void {
    if (message.kind === "trip") {
      if (!this.#trips.has(message.trip.session)) this.#shut(message.trip);
      return;
    }
    const { session, count } = message;
    const counts = this.#countsOf(session);
    const key = `${count.epoch}\n${count.endpoint}`;
    const before = counts.get(key);
    if (before && before.new >= count.new && before.old >= count.old) return;
    counts.set(key, count);
    this.#decide(session);
  }

  /** Everything that a worker must hear that has just connected. */
  everything(): readonly PeerMessage[] {
    const messages: PeerMessage[] = this.trips.map((trip) => ({ kind: "trip", trip }));
    for (const [session, counts] of this.#counts)
      for (const count of counts.values())
        if (count.epoch === this.#deps.epoch) messages.push({ kind: "failures", session, count });
    return messages;
  }

  /** Forgets all sessions but these. */
  keepOnly(sessions: ReadonlySet<string>): void {
    for (const session of this.#counts.keys()) if (!sessions.has(session)) this.#counts.delete(session);
    for (const session of this.#gates.keys()) if (!sessions.has(session)) this.#gates.delete(session);
    let changed = false;
    for (const session of this.#trips.keys()) if (!sessions.has(session)) changed = this.#trips.delete(session);
    if (changed) this.#deps.tripped(this.trips);
  }

  #countsOf(session: string): Map<string, FailureCount> {
    const known = this.#counts.get(session);
    if (known) return known;
    const counts = new Map<string, FailureCount>();
    this.#counts.set(session, counts);
    return counts;
  }

  #decide(session: string): void {
    if (this.#trips.has(session)) return;
    const counts = this.#counts.get(session);
    if (!counts) return;
    for (const spec of this.#specs.values()) {
      if (spec.session !== session) continue;
      const reached = tripDecision(spec, [...counts.values()]);
      if (!reached) continue;
      const trip: TripRecord = {
        session,
        time: new Date(this.#deps.clock.now()).toISOString(),
        ...reached,
        by: this.#deps.worker,
      };
      this.#shut(trip);
      this.#deps.tell({ kind: "trip", trip });
      return;
    }
  }

  #shut(trip: TripRecord): void {
    const gate = this.gate(trip.session);
    gate.shut = true;
    const { lastRequest: _, ...said } = trip;
    // Of this worker's own requests: another's last one is in that worker's report.
    const lastRequest = gate.lastSent > 0 ? { lastRequest: new Date(gate.lastSent).toISOString() } : {};
    this.#trips.set(trip.session, { ...said, ...lastRequest });
    this.#deps.tripped(this.trips);
  }
}
