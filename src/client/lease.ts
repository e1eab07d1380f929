import type { Lease, LeaseSpec } from "../api/generated/coordination-v1.ts";
import { leases } from "../api/generated/resources.ts";
import type { ObjectKey } from "../api/object.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../api/status-error.ts";
import { type Clock, sleep } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { formatMicroTimestamp } from "../lib/timestamp.ts";
import type { Logger } from "../observe/logger.ts";
import type { ApiClient } from "./api-client.ts";

export interface LeaderElectionOptions {
  /** The Lease that all candidates share. */
  readonly lease: Required<ObjectKey>;
  /** Who we are; another one for each process. */
  readonly identity: string;
  /** How long the others wait after our last renewal. Default, as the two below, that of client-go: 15 s. */
  readonly leaseSeconds?: number;
  /** Milliseconds without a successful renewal after which we stop leading; less than the lease. Default 10 s. */
  readonly renewDeadline?: number;
  /** Milliseconds between attempts. Default 2 s. */
  readonly retryPeriod?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Attempts to acquire come at 1 to 2.2 retry periods, so that candidates do not knock together. */
const JITTER = 1.2;

/**
 * Leader election by Lease with the rules of client-go: the clock of another machine is never believed; a lease has run out when it
 * has not changed for its duration by our own clock.
 */
export class LeaderElection {
  readonly #client: ApiClient;
  readonly #options: LeaderElectionOptions;
  readonly #leaseSeconds: number;
  readonly #renewDeadline: number;
  readonly #retryPeriod: number;
  /** The lease as last seen, and since when by our clock. */
  #observed: { readonly lease: Lease; readonly at: number } | undefined;

  constructor(client: ApiClient, options: LeaderElectionOptions) {
    this.#client = client;
    this.#options = options;
    this.#leaseSeconds = options.leaseSeconds ?? 15;
    this.#renewDeadline = options.renewDeadline ?? 10_000;
    this.#retryPeriod = options.retryPeriod ?? 2000;
  }

  /** Who holds the lease, as far as we have seen; "" for nobody. */
  get holder(): string {
    return this.#observed?.lease.spec.holderIdentity ?? "";
  }

  /**
   * Runs `work` whenever we lead, until `signal` is aborted. The signal given to `work` is aborted when the lead is lost, and `work` must
   * then end soon: another one may lead already. When `work` ends by itself the lease is given up and the election is over.
   */
  async run(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { identity, log } = this.#options;
    while (await this.#acquire(signal)) {
      log.info("leading", { identity });
      const lost = new AbortController();
      const finished = new AbortController();
      const renewal = this.#keep(AbortSignal.any([signal, finished.signal])).then((kept) => kept || lost.abort());
      try {
        await work(AbortSignal.any([signal, lost.signal]));
      } finally {
        finished.abort();
        await renewal;
        if (!lost.signal.aborted) await this.#within(this.#retryPeriod, this.#release(), new AbortController().signal);
      }
      if (!lost.signal.aborted) return;
      log.warn("lost the lead", { identity, holder: this.holder });
    }
  }

  /** Tries until we hold the lease; false when aborted first. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { random } = this.#options;
    while (!signal.aborted) {
      if (await this.#within(this.#renewDeadline, this.#attempt(), signal)) return true;
      await this.#pause(this.#retryPeriod * (1 + JITTER * random.next()), signal);
    }
    return false;
  }

  /** Renews the lease until aborted; false when it is lost. */
  async #keep(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    let renewed = clock.monotonic();
    const left = (): number => renewed + this.#renewDeadline - clock.monotonic();
    while (!signal.aborted) {
      await this.#pause(Math.min(this.#retryPeriod, left()), signal);
      if (signal.aborted) break;
      const held = await this.#within(left(), this.#attempt(), signal);
      if (held === true) renewed = clock.monotonic();
      else if (!signal.aborted && (!this.#holds() || left() <= 0)) return false;
    }
    return true;
  }

  /** Acquires or renews the lease, if that is possible now. Failures are told to the log only: the next attempt may do better. */
  async #attempt(): Promise<boolean> {
    const { clock, identity, lease: key, log } = this.#options;
    try {
      // While we hold it, what we have seen last is most likely what there is.
      if (this.#observed && this.#holds() && (await this.#replace(this.#observed.lease))) return true;
      const found = await this.#read();
      if (!found) return await this.#create();
      this.#observe(found);
      const { holderIdentity = "", leaseDurationSeconds = this.#leaseSeconds } = found.spec;
      const validUntil = (this.#observed?.at ?? 0) + leaseDurationSeconds * 1000;
      if (holderIdentity !== "" && holderIdentity !== identity && clock.monotonic() < validUntil) return false;
      return await this.#replace(found);
    } catch (error) {
      log.debug("cannot acquire or renew the lease", { lease: key.name, error: (error as Error).message });
      return false;
    }
  }

  async #read(): Promise<Lease | undefined> {
    const { name, namespace } = this.#options.lease;
    try {
      return await this.#client.get(leases, name, namespace);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** False when another one was faster. */
  async #create(): Promise<boolean> {
    const metadata = this.#options.lease;
    const spec = this.#claim(undefined);
    try {
      const type = { apiVersion: "coordination.k8s.io/v1", kind: "Lease" } as const;
      this.#observe(await this.#client.create(leases, { ...type, metadata, spec }));
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return false;
      throw error;
    }
  }

  /** False when the lease has changed since `lease`. */
  async #replace(lease: Lease): Promise<boolean> {
    try {
      this.#observe(await this.#client.update(leases, { ...lease, spec: this.#claim(lease.spec) }));
      return true;
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return false;
      throw error;
    }
  }

  /** The lease as we would have it, after what it was. */
  #claim(before: LeaseSpec | undefined): LeaseSpec {
    const { clock, identity } = this.#options;
    const now = formatMicroTimestamp(clock.now());
    const ours = before?.holderIdentity === identity;
    const transitions = before?.leaseTransitions ?? 0;
    return {
      ...before,
      holderIdentity: identity,
      leaseDurationSeconds: this.#leaseSeconds,
      acquireTime: ours && before.acquireTime ? before.acquireTime : now,
      renewTime: now,
      leaseTransitions: before && !ours ? transitions + 1 : transitions,
    };
  }

  /** Gives the lease to nobody, so that the next one need not wait for it to run out. */
  async #release(): Promise<void> {
    const { clock, log } = this.#options;
    const lease = this.#observed?.lease;
    if (!lease || !this.#holds()) return;
    const now = formatMicroTimestamp(clock.now());
    const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
    try {
      this.#observe(await this.#client.update(leases, { ...lease, spec }));
    } catch (error) {
      log.debug("cannot release the lease", { lease: lease.metadata.name, error: (error as Error).message });
    }
  }

  #observe(lease: Lease): void {
    const before = this.#observed?.lease.spec;
    const changed = before?.holderIdentity !== lease.spec.holderIdentity || before?.renewTime !== lease.spec.renewTime;
    const at = changed || !this.#observed ? this.#options.clock.monotonic() : this.#observed.at;
    this.#observed = { lease, at };
  }

  #holds(): boolean {
    return this.holder === this.#options.identity;
  }

  /** What `call` gives, or undefined when it takes longer than `limit` or is aborted: a call that hangs must not keep us leading. */
  async #within<R>(limit: number, call: Promise<R>, signal: AbortSignal): Promise<R | undefined> {
    const settled = new AbortController();
    try {
      return await Promise.race([
        call,
        this.#pause(limit, AbortSignal.any([signal, settled.signal])).then(() => undefined),
      ]);
    } finally {
      settled.abort();
    }
  }

  /** Waits, at most until the signal is aborted. */
  #pause(delay: number, signal: AbortSignal): Promise<void> {
    return sleep(this.#options.clock, delay, signal).catch(() => undefined);
  }
}
