import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { ListenerSpec, Snapshot } from "../../plan/routing/snapshot.ts";
import { RequestHead } from "../http1/request-head.ts";
import { ResponseHead } from "../http1/response-head.ts";
import type { Gate } from "../session/gate.ts";
import type { Gatekeeper } from "../session/gatekeeper.ts";
import type { Ledger } from "../session/ledger.ts";
import type { AccessLog } from "./access-log.ts";
import { Backend } from "./backend.ts";
import type { Core } from "./core.ts";
import { Endpoint } from "./endpoint.ts";
import { HttpDate } from "./http-date.ts";
import type { Limits } from "./limits.ts";
import { Listener } from "./listener.ts";
import { Metrics } from "./metrics.ts";
import type { RouteContext } from "./route.ts";
import { NODE_ADDRESS, NodePortClaims } from "./node-port-claims.ts";
import { Sweep } from "./sweep.ts";
import { TraceIds } from "./trace-ids.ts";

export interface DataplaneDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly ledger: Ledger;
  readonly gatekeeper: Gatekeeper;
  readonly accessLog: AccessLog;
  /** Tells this engine from others on the machine, who must not share its NodePorts; absent: nobody is asked. */
  readonly engine?: string;
  /** See Core.counted. */
  counted(harm: boolean): void;
  /** What `draining` says has changed. */
  drainingChanged(): void;
}

/** One read of a backend's answer. */
const READ_BUFFER = 65_536;
/** How often unused connections are looked through for those that are too old, in milliseconds. */
const TIDY = 1_000;

/** What serves: the listeners, backends and endpoints of the newest snapshot, and what is left of those before it. */
export class Dataplane implements RouteContext {
  readonly metrics: Metrics = new Metrics();
  readonly ledger: Ledger;
  readonly #deps: DataplaneDeps;
  readonly #core: Core;
  readonly #listeners = new Map<string, Listener>();
  readonly #backends = new Map<string, Backend>();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #leaving = new Set<Listener>();
  readonly #claims: NodePortClaims | undefined;
  #tidy: Cancel | undefined;
  #draining = false;

  constructor(deps: DataplaneDeps) {
    const { clock, random, limits } = deps;
    this.#deps = deps;
    this.ledger = deps.ledger;
    this.#claims = deps.engine === undefined ? undefined : new NodePortClaims(deps.engine);
    this.#core = {
      ...deps,
      sweep: new Sweep(clock, limits.sweep),
      requestHead: new RequestHead(),
      responseHead: new ResponseHead(),
      readBuffer: Buffer.allocUnsafeSlow(READ_BUFFER),
      date: new HttpDate(clock),
      trace: new TraceIds(random),
      metrics: this.metrics,
      monotonic: () => clock.monotonic(),
      counted: (harm) => deps.counted(harm),
    };
  }

  backend(id: string): Backend {
    const known = this.#backends.get(id);
    if (known) return known;
    const backend = new Backend(id, this.#deps.clock.monotonic());
    this.#backends.set(id, backend);
    return backend;
  }

  gate(session: string): Gate {
    return this.#deps.gatekeeper.gate(session);
  }

  /**
   * Serves by this snapshot from the next request on, and resolves when its new listeners listen or were refused. Endpoints that are
   * gone get no more requests; listeners that are gone accept nothing more, and their connections end one by one.
   */
  async apply(snapshot: Snapshot): Promise<void> {
    this.#applyBackends(snapshot);
    const specs = new Map(snapshot.listeners.map((spec) => [`${spec.address}:${spec.port}`, spec]));
    for (const [key, listener] of this.#listeners) if (!specs.has(key)) this.#retire(key, listener);
    const fresh: Listener[] = [];
    for (const [key, spec] of specs) {
      const listener = this.#listener(key, spec);
      if (listener && !listener.listening && !this.#draining) fresh.push(listener);
    }
    for (const id of this.#backends.keys()) if (!(id in snapshot.backends)) this.#backends.delete(id);
    this.#tidy ??= this.#deps.clock.after(TIDY, this.#tidyUp);
    await Promise.all(fresh.map((listener) => this.#open(listener)));
  }

  async #open(listener: Listener): Promise<void> {
    if (listener.address === NODE_ADDRESS && (await this.#claims?.take(listener.port)) === false)
      listener.refused = "EADDRINUSE";
    else await listener.listen();
  }

  /** Service ports on whose address the kernel does not let us listen. */
  get refused(): readonly { readonly spec: ListenerSpec; readonly reason: string }[] {
    return [...this.#listeners.values()].flatMap(({ spec, refused }) => (refused ? [{ spec, reason: refused }] : []));
  }

  get listening(): number {
    return [...this.#listeners.values()].filter((listener) => listener.listening).length;
  }

  /** Pod addresses that should get no requests any more, but still have some in flight. */
  get draining(): readonly { readonly address: string; readonly requests: number }[] {
    const byAddress = new Map<string, number>();
    for (const endpoint of this.#endpoints.values())
      if (endpoint.inFlight > 0 && (endpoint.gone || endpoint.terminating))
        byAddress.set(endpoint.address, (byAddress.get(endpoint.address) ?? 0) + endpoint.inFlight);
    return [...byAddress].map(([address, requests]) => ({ address, requests }));
  }

  /** For the metrics: what is true now. */
  get gauges(): Readonly<Record<string, number>> {
    const endpoints = [...this.#endpoints.values()];
    const listeners = [...this.#listeners.values(), ...this.#leaving];
    return {
      client_connections: listeners.reduce((sum, listener) => sum + listener.connections, 0),
      requests_in_flight: endpoints.reduce((sum, endpoint) => sum + endpoint.inFlight, 0),
      upstream_idle_connections: endpoints.reduce((sum, endpoint) => sum + endpoint.idle, 0),
      listeners: this.listening,
    };
  }

  /**
   * Accepts nothing more and resolves when all requests have been answered and all connections have ended. Snapshots still count for
   * the requests that come on them.
   */
  async drain(): Promise<void> {
    this.#draining = true;
    await Promise.all([...this.#listeners.values(), ...this.#leaving].map((listener) => listener.close()));
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#tidy?.();
    this.#tidy = undefined;
    for (const listener of [...this.#listeners.values(), ...this.#leaving]) listener.destroy();
    for (const endpoint of this.#endpoints.values()) endpoint.leave();
    this.#core.sweep.close();
    this.#claims?.[Symbol.dispose]();
  }

  /** The listener of this spec; a new one only while new connections are wanted. */
  #listener(key: string, spec: ListenerSpec): Listener | undefined {
    const known = this.#listeners.get(key);
    if (known) known.update(spec);
    if (known || this.#draining) return known;
    const listener = new Listener(this.#core, this, spec);
    this.#listeners.set(key, listener);
    return listener;
  }

  #applyBackends(snapshot: Snapshot): void {
    const unused = new Set(this.#endpoints.values());
    for (const spec of Object.values(snapshot.backends)) {
      this.backend(spec.id).endpoints = spec.endpoints.map(({ address, port, pod, terminating }) => {
        const endpoint = this.#endpoint(address, port);
        endpoint.pod = pod;
        endpoint.gone = false;
        endpoint.terminating = terminating === true;
        unused.delete(endpoint);
        return endpoint;
      });
    }
    for (const endpoint of unused) {
      if (!endpoint.gone) endpoint.leave();
      if (endpoint.inFlight === 0) this.#endpoints.delete(`${endpoint.address}:${endpoint.port}`);
    }
  }

  #endpoint(address: string, port: number): Endpoint {
    const key = `${address}:${port}`;
    const known = this.#endpoints.get(key);
    if (known) return known;
    const endpoint = new Endpoint(address, port);
    endpoint.emptied = () => this.#emptied(key, endpoint);
    this.#endpoints.set(key, endpoint);
    return endpoint;
  }

  #emptied(key: string, endpoint: Endpoint): void {
    if (!endpoint.gone && !endpoint.terminating) return;
    if (endpoint.gone) this.#endpoints.delete(key);
    this.#deps.drainingChanged();
  }

  #retire(key: string, listener: Listener): void {
    this.#listeners.delete(key);
    if (listener.address === NODE_ADDRESS) this.#claims?.release(listener.port);
    this.#leaving.add(listener);
    void listener.close().then(() => this.#leaving.delete(listener));
  }

  readonly #tidyUp = (): void => {
    const now = this.#deps.clock.monotonic();
    for (const endpoint of this.#endpoints.values()) endpoint.closeIdle(now);
    this.#tidy = this.#deps.clock.after(TIDY, this.#tidyUp);
  };
}
