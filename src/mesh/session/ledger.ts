import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { addUser, emptySketch, type UserSketch, writeSketch } from "../../lib/user-sketch.ts";
import { Pace } from "./pace.ts";

type Status = NonNullable<MeshWorker["status"]>;

/** Endpoints that a session counts one by one; what comes after them is taken together. */
const MOST_ENDPOINTS = 200;
const OTHER = "other";
/** Users hit by failures that are named one by one. */
const MOST_HIT = 100;

/** Requests of one backend at one chance `w`: those that were drawn, and those that have ended. */
export interface Tally {
  readonly session: string;
  readonly rule: string;
  readonly backend: string;
  readonly w: number;
  drawn: number;
  requests: number;
}

interface FailureRow {
  readonly tally: Tally;
  readonly endpoint: string;
  failures: number;
  retried: number;
}

interface UserRow {
  readonly session: string;
  readonly backend: string;
  readonly sketch: UserSketch;
  readonly hit: Set<string>;
  hitMore: number;
}

/**
 * What a release needs to know of the requests that it split: counts since the start of this process, never taken back
 * (docs/architecture.md, Sessions). Rows that are updated for each request are handed out, so that nothing is looked up then.
 */
export class Ledger {
  readonly #tallies = new Map<string, Tally>();
  readonly #failures = new Map<string, FailureRow>();
  readonly #users = new Map<string, UserRow>();
  readonly #endpoints = new Map<string, Set<string>>();
  readonly #paces = new Map<string, Map<string, Pace>>();

  tally(session: string, rule: string, backend: string, w: number): Tally {
    const key = `${session}\n${rule}\n${backend}\n${w}`;
    const known = this.#tallies.get(key);
    if (known) return known;
    const tally = { session, rule, backend, w, drawn: 0, requests: 0 };
    this.#tallies.set(key, tally);
    return tally;
  }

  /** How soon the old version answers at this endpoint. */
  pace(session: string, endpoint: string): Pace {
    let paces = this.#paces.get(session);
    if (!paces) {
      paces = new Map();
      this.#paces.set(session, paces);
    }
    const place = paces.has(endpoint) || paces.size < MOST_ENDPOINTS ? endpoint : OTHER;
    let pace = paces.get(place);
    if (!pace) {
      pace = new Pace();
      paces.set(place, pace);
    }
    return pace;
  }

  /** A request of `tally` failed. Returns the endpoint under which it was counted. */
  fail(tally: Tally, endpoint: string): string {
    const row = this.#failureRow(tally, this.#known(tally.session, endpoint));
    row.failures++;
    return row.endpoint;
  }

  /** A failed request of `tally` was answered well at the second attempt: its user saw nothing. */
  retried(tally: Tally, endpoint: string): void {
    this.#failureRow(tally, this.#known(tally.session, endpoint)).retried++;
  }

  /** `user` is 16 hexadecimal digits of a hash. */
  served(tally: Tally, user: string): void {
    const row = this.#userRow(tally);
    addUser(row.sketch, Number.parseInt(user.slice(0, 8), 16), Number.parseInt(user.slice(8), 16));
  }

  /** A failure reached this user. */
  hit(tally: Tally, user: string): void {
    const row = this.#userRow(tally);
    if (row.hit.has(user)) return;
    if (row.hit.size < MOST_HIT) row.hit.add(user);
    else row.hitMore++;
  }

  /** Drops all sessions but these. */
  keepOnly(sessions: ReadonlySet<string>): void {
    for (const [key, row] of this.#tallies) if (!sessions.has(row.session)) this.#tallies.delete(key);
    for (const [key, row] of this.#failures) if (!sessions.has(row.tally.session)) this.#failures.delete(key);
    for (const [key, row] of this.#users) if (!sessions.has(row.session)) this.#users.delete(key);
    for (const session of this.#endpoints.keys()) if (!sessions.has(session)) this.#endpoints.delete(session);
    for (const session of this.#paces.keys()) if (!sessions.has(session)) this.#paces.delete(session);
  }

  report(): Required<Pick<Status, "requests" | "failures" | "users">> {
    return {
      requests: [...this.#tallies.values()].filter((row) => row.drawn > 0).map((row) => ({ ...row })),
      failures: [...this.#failures.values()].map(({ tally: { session, rule, backend, w }, ...counts }) => ({
        session,
        rule,
        backend,
        w,
        ...counts,
      })),
      users: [...this.#users.values()].map(({ session, backend, sketch, hit, hitMore }) => ({
        session,
        backend,
        sketch: writeSketch(sketch),
        hit: [...hit],
        hitMore,
      })),
    };
  }

  #failureRow(tally: Tally, endpoint: string): FailureRow {
    const key = `${tally.session}\n${tally.rule}\n${tally.backend}\n${tally.w}\n${endpoint}`;
    const known = this.#failures.get(key);
    if (known) return known;
    const row = { tally, endpoint, failures: 0, retried: 0 };
    this.#failures.set(key, row);
    return row;
  }

  #userRow({ session, backend }: Tally): UserRow {
    const key = `${session}\n${backend}`;
    const known = this.#users.get(key);
    if (known) return known;
    const row = { session, backend, sketch: emptySketch(), hit: new Set<string>(), hitMore: 0 };
    this.#users.set(key, row);
    return row;
  }

  #known(session: string, endpoint: string): string {
    let known = this.#endpoints.get(session);
    if (!known) {
      known = new Set();
      this.#endpoints.set(session, known);
    }
    if (known.has(endpoint)) return endpoint;
    if (known.size >= MOST_ENDPOINTS) return OTHER;
    known.add(endpoint);
    return endpoint;
  }
}
