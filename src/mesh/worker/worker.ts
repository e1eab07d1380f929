import { join } from "node:path";
import { trips } from "../../api/generated/resources.ts";
import type { Trip } from "../../api/generated/sluice-dev.ts";
import { keyOf } from "../../api/object.ts";
import type { ApiClient } from "../../client/api-client.ts";
import { Informers } from "../../client/informers.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { Logger } from "../../observe/logger.ts";
import { compile } from "../../plan/routing/compile.ts";
import type { Snapshot } from "../../plan/routing/snapshot.ts";
import type { AccessLog } from "../dataplane/access-log.ts";
import { Dataplane } from "../dataplane/dataplane.ts";
import type { Limits } from "../dataplane/limits.ts";
import { Gatekeeper } from "../session/gatekeeper.ts";
import { Ledger } from "../session/ledger.ts";
import { NamesProxy } from "../names/names-proxy.ts";
import type { SocketAddress } from "../names/service-address.ts";
import { MetricsSocket } from "./metrics-socket.ts";
import { Peers } from "./peers.ts";
import { Reporter, type WorkerStatus } from "./reporter.ts";
import { RoutingWatch } from "./routing-watch.ts";
import type { KeptState, WorkerFolder } from "./worker-folder.ts";

export interface WorkerDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Limits;
  readonly accessLog: AccessLog;
  /** `mesh-1`. */
  readonly name: string;
  readonly pid: number;
  /** Where the sockets of all workers are (see PeersDeps.folder). */
  readonly run: string;
  readonly folder: WorkerFolder;
  /** Tells this engine from others on the machine. */
  readonly engine: string;
  /** Where to listen for pods that know the names of Services by a proxy only; absent: nowhere. */
  readonly namesProxy?: SocketAddress;
}

/** Milliseconds: how long requests that are under way may take when the worker is told to end. */
const DRAIN_TIME = 25_000;
/** How often a refused address is tried again, and sessions that ended are forgotten after not having been seen for this long. */
const TIDY = 5_000;
const KEEP_SESSION = 600_000;

/**
 * One mesh worker: watches the API, serves by what it says, and says what it serves by. What it has learned last it keeps on disk,
 * and serves by that until the API answers.
 */
export class MeshWorker {
  readonly #deps: WorkerDeps;
  readonly #ledger = new Ledger();
  readonly #gatekeeper: Gatekeeper;
  readonly #dataplane: Dataplane;
  readonly #peers: Peers;
  readonly #reporter: Reporter;
  readonly #metrics: MetricsSocket;
  readonly #names: NamesProxy;
  readonly #informers: Informers;
  readonly #limits = new Map<string, Trip["spec"]>();
  /** Of the Trip that was taken over last: the release controller waits for it before it gives the new version more users. */
  #tripVersion: string | undefined;
  readonly #sessions = new Map<string, number>();
  readonly #stop = new AbortController();
  #watch: RoutingWatch | undefined;
  #snapshot: Snapshot | undefined;
  #dirty = false;
  #scheduled = false;
  #applying: Promise<void> | undefined;

  constructor(deps: WorkerDeps) {
    const { client, clock, random, log, name, folder } = deps;
    const epoch = random.uuid();
    this.#deps = deps;
    this.#gatekeeper = new Gatekeeper({
      clock,
      epoch,
      worker: name,
      trips: folder.readTrips(),
      tell: (message) => this.#peers.tell(message),
      tripped: (records) => {
        folder.keepTrips(records);
        this.#reporter.now("serving");
      },
    });
    this.#dataplane = new Dataplane({
      ...deps,
      ledger: this.#ledger,
      gatekeeper: this.#gatekeeper,
      counted: (harm) => (harm ? this.#reporter.now("ledger") : this.#reporter.soon()),
      drainingChanged: () => this.#reporter.now("serving"),
    });
    this.#peers = new Peers({
      folder: deps.run,
      name,
      clock,
      log,
      heard: (message) => this.#gatekeeper.heard(message),
      everything: () => this.#gatekeeper.everything(),
    });
    this.#reporter = new Reporter({
      client,
      clock,
      log,
      name,
      run: { epoch, pid: deps.pid, startTime: new Date(clock.now()).toISOString() },
      serving: () => this.#serving(),
      ledger: () => this.#ledger.report(),
    });
    this.#metrics = new MetricsSocket(() =>
      this.#dataplane.metrics.text({ ...this.#dataplane.gauges, peers: this.#peers.connected }),
    );
    this.#names = new NamesProxy(() => this.#snapshot);
    this.#informers = new Informers(client, { clock, random, log });
  }

  /** Resolves when it serves: by the snapshot of its last run, or, if there is none, by the first of the API. */
  async start(): Promise<void> {
    const { namesProxy } = this.#deps;
    const kept = this.#deps.folder.readState();
    for (const { session } of this.#gatekeeper.trips) this.#sessions.set(session, this.#deps.clock.monotonic());
    const resumed = kept !== undefined && (await this.#resume(kept));
    await Promise.all([
      this.#peers.start().catch(this.#without("the other workers")),
      this.#metrics.start(join(this.#deps.run, `${this.#deps.name}.metrics.sock`)).catch(this.#without("metrics")),
      namesProxy && this.#names.start(namesProxy).catch(this.#without("a proxy for the names of Services")),
    ]);
    const watch = new RoutingWatch(this.#informers, () => this.#schedule());
    this.#informers.of(trips).onChange((current) => this.#tripChanged(current));
    const following = watch.synced().then(() => this.#follow(watch));
    void this.#tidyLoop();
    if (resumed) following.catch(this.#without("the API"));
    else await following;
  }

  /** False when what was kept is of no use: the API will say what to serve. */
  async #resume({ limits, snapshot }: KeptState): Promise<boolean> {
    try {
      for (const [key, spec] of Object.entries(limits)) this.#setLimit(key, spec);
      await this.#apply(snapshot);
      return true;
    } catch (error) {
      this.#deps.log.error("what was kept cannot be served", { error });
      this.#limits.clear();
      return false;
    }
  }

  /** Traffic must flow whatever else does not work. */
  #without(what: string): (error: unknown) => void {
    return (error) => this.#deps.log.error(`serving without ${what}`, { error });
  }

  /** Ends gracefully: what is under way is answered, connections are told to go, the API is told last. */
  async stop(): Promise<void> {
    this.#deps.log.info("ending", { draining: this.#dataplane.draining.length });
    const late = sleep(this.#deps.clock, DRAIN_TIME, this.#stop.signal).catch(() => undefined);
    await Promise.race([this.#dataplane.drain(), late]);
    this.#stop.abort();
    this.#dataplane.destroy();
    this.#watch?.[Symbol.dispose]();
    await this.#applying;
    await this.#reporter[Symbol.asyncDispose]();
    await this.#informers[Symbol.asyncDispose]();
    this.#peers[Symbol.dispose]();
    this.#metrics[Symbol.dispose]();
    this.#names[Symbol.dispose]();
    await this.#deps.folder[Symbol.asyncDispose]();
  }

  async #follow(watch: RoutingWatch): Promise<void> {
    this.#watch = watch;
    this.#schedule();
    await new Promise<void>((resolve) => setImmediate(resolve));
    await this.#applying;
    this.#reporter.start();
  }

  /** One compilation for all changes of this turn of the event loop. */
  #schedule(): void {
    this.#dirty = true;
    if (this.#scheduled || !this.#watch) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#applying ??= this.#applyAll().finally(() => {
        this.#applying = undefined;
      });
    });
  }

  async #applyAll(): Promise<void> {
    while (this.#dirty && this.#watch && !this.#stop.signal.aborted) {
      this.#dirty = false;
      try {
        await this.#apply(compile(this.#watch.view()).snapshot);
      } catch (error) {
        // What is in force stays, and nobody is told otherwise.
        this.#deps.log.error("what the API says cannot be served", { error });
      }
    }
  }

  async #apply(snapshot: Snapshot): Promise<void> {
    const now = this.#deps.clock.monotonic();
    for (const { rules } of snapshot.listeners)
      for (const { release } of rules) if (release?.session !== undefined) this.#sessions.set(release.session, now);
    await this.#dataplane.apply(snapshot);
    this.#snapshot = snapshot;
    this.#keep();
    this.#reporter.now("serving");
  }

  #keep(): void {
    if (this.#snapshot)
      this.#deps.folder.keepState({ snapshot: this.#snapshot, limits: Object.fromEntries(this.#limits) });
  }

  /**
   * Trips are ephemeral: a control process that begins anew has none until its release controller writes them. So a Trip that is gone
   * is forgotten only when its session is over: a gate must not be without a guard meanwhile.
   */
  #tripChanged(current: Trip | undefined): void {
    if (current) {
      this.#setLimit(keyOf(current), current.spec);
      this.#tripVersion = current.metadata.resourceVersion;
    }
    this.#keep();
    this.#reporter.now("serving");
  }

  #setLimit(key: string, spec: Trip["spec"] | undefined): void {
    if (spec) this.#limits.set(key, spec);
    else this.#limits.delete(key);
    this.#gatekeeper.setTrip(key, spec);
  }

  #serving(): Pick<WorkerStatus, "applied" | "listeners" | "refused" | "draining" | "trips"> {
    const { listening, refused, draining } = this.#dataplane;
    return {
      applied: { ...this.#snapshot?.applied, ...(this.#tripVersion !== undefined && { trips: this.#tripVersion }) },
      listeners: listening,
      refused: refused.map(({ spec: { service, address, port }, reason }) => ({
        namespace: service.namespace,
        service: service.name,
        port: service.port,
        address: `${address}:${port}`,
        reason,
        message: refusal(reason, address, port),
      })),
      draining,
      trips: this.#gatekeeper.trips,
    };
  }

  /** Tries refused addresses again, and forgets sessions that are over. */
  async #tidyLoop(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(clock, TIDY, signal).catch(() => undefined);
      this.#forget(clock.monotonic() - KEEP_SESSION);
      if (this.#dataplane.refused.length > 0) this.#schedule();
    }
  }

  /** Drops what belongs to sessions that were last in use before `time`. */
  #forget(time: number): void {
    for (const [session, seen] of this.#sessions)
      if (seen < time && !this.#inUse(session)) this.#sessions.delete(session);
    const listed = this.#informers.of(trips);
    for (const [key, spec] of this.#limits)
      if (!listed.get(key) && !this.#inUse(spec.session)) this.#setLimit(key, undefined);
    const kept = new Set([...this.#sessions.keys(), ...[...this.#limits.values()].map((spec) => spec.session)]);
    this.#ledger.keepOnly(kept);
    this.#gatekeeper.keepOnly(kept);
  }

  #inUse(session: string): boolean {
    return (
      this.#snapshot?.listeners.some(({ rules }) => rules.some(({ release }) => release?.session === session)) === true
    );
  }
}

function refusal(reason: string, address: string, port: number): string {
  switch (reason) {
    case "EACCES":
      return `the kernel allows port ${port} only to root: choose a port from 1024 on, or run Sluice as root`;
    case "EADDRINUSE":
      return `another program listens on ${address}:${port}`;
    default:
      return `listening on ${address}:${port} failed: ${reason}`;
  }
}
