import { hash } from "node:crypto";
import type { Deployment } from "../../src/api/generated/apps-v1.ts";
import type { Pod } from "../../src/api/generated/core-v1.ts";
import {
  deployments,
  endpointslices,
  httproutes,
  namespaces,
  pods,
  releasepolicies,
  releases,
  services,
  trips,
} from "../../src/api/generated/resources.ts";
import type { Release, ReleasePolicy } from "../../src/api/generated/sluice-dev.ts";
import { type KubeObject, keyOf } from "../../src/api/object.ts";
import type { Resource } from "../../src/api/resource.ts";
import { gate } from "../../src/apiserver/admission/gate.ts";
import { CONTROLLERS, RELEASE_CONTROLLER } from "../../src/apiserver/auth/engine-users.ts";
import type { ServiceAccountTokens } from "../../src/apiserver/auth/service-account-token.ts";
import { SUPERUSERS } from "../../src/apiserver/auth/user.ts";
import { InProcessClient } from "../../src/apiserver/in-process-client.ts";
import { IpPool } from "../../src/apiserver/services/ip-pool.ts";
import { PortPool } from "../../src/apiserver/services/port-pool.ts";
import { ServiceHooks } from "../../src/apiserver/services/service-hooks.ts";
import { actions } from "../../src/apiserver/subresources/actions.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import type { Informer } from "../../src/client/informer.ts";
import { Informers } from "../../src/client/informers.ts";
import { ControllerManager } from "../../src/controllers/manager.ts";
import type { Random } from "../../src/lib/random.ts";
import { Gatekeeper } from "../../src/mesh/session/gatekeeper.ts";
import { Ledger } from "../../src/mesh/session/ledger.ts";
import { Reporter } from "../../src/mesh/worker/reporter.ts";
import { silentLogger } from "../../src/observe/logger.ts";
import { compile } from "../../src/plan/routing/compile.ts";
import type { Rule, Snapshot } from "../../src/plan/routing/snapshot.ts";
import { ReleaseController } from "../../src/release/release-controller.ts";
import type { SmokeAnswer } from "../../src/release/smoke-client.ts";
import type { FakeClock } from "./fake-clock.ts";
import { FakeKubelet } from "./fake-kubelet.ts";
import { type RegistryFixture, registryFixture } from "./registry.ts";
import { seededRandom } from "./seeded-random.ts";

/** What became of the requests, as their senders saw it. */
export interface Sent {
  all: number;
  failed: number;
  /** By version that answered last. */
  readonly served: Map<string, number>;
}

/** How a version answers: the share of requests that fail. */
export type Behaviour = Readonly<Record<string, number>>;

/**
 * The whole control plane on a store in memory and a clock that stands still: API server with the gate, all controllers, the
 * release controller, a kubelet that plays, and mesh workers that draw and count by the real ledger and trip, without sockets.
 */
export class ReleaseEngine implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly client: ApiClient;
  readonly sent: Sent = { all: 0, failed: 0, served: new Map() };
  /** Answers to smoke requests by path. */
  readonly smoke: Map<string, SmokeAnswer> = new Map();
  readonly #fixture: RegistryFixture;
  readonly #actions: ReturnType<typeof actions>;
  readonly #random: Random;
  readonly #parts = new AsyncDisposableStack();
  readonly #workers: MeshWorkerDouble[] = [];
  #releases: ReleaseController | undefined;
  #releaseInformers: Informers | undefined;
  #users = 0;

  static async start(seed = 1): Promise<ReleaseEngine> {
    const random = seededRandom(seed);
    const hooks = new Map([
      ["/services", new ServiceHooks(new IpPool("127.64.0.0/17", random), new PortPool(30_000, 32_767, random), [])],
    ]);
    const engine = new ReleaseEngine(await registryFixture({ admitters: [gate], hooks }), random);
    await engine.#begin();
    return engine;
  }

  private constructor(fixture: RegistryFixture, random: Random) {
    this.#fixture = fixture;
    this.#random = random;
    this.clock = fixture.clock;
    // Nobody asks for tokens here.
    const tokens = {} as unknown as ServiceAccountTokens;
    this.#actions = actions(fixture.registry, fixture.types, tokens, fixture.clock, random);
    this.client = this.clientOf({ username: "ann", groups: [SUPERUSERS] }, "kubectl");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killControl();
    await this.#parts.disposeAsync();
  }

  clientOf(user: typeof CONTROLLERS, manager: string): ApiClient {
    const { registry, types } = this.#fixture;
    return new InProcessClient({ registry, types, actions: this.#actions, clock: this.clock }, user, manager);
  }

  async #begin(): Promise<void> {
    const { clock } = this;
    const deps = { clock, random: this.#random, log: silentLogger };
    await this.client.create(namespaces, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "default" },
      spec: {},
    });
    const client = this.clientOf(CONTROLLERS, "kube-controller-manager");
    const manager = await ControllerManager.start({
      ...deps,
      client,
      types: this.#fixture.types,
      ca: "",
      host: "host",
    });
    this.#parts.use(manager);
    this.#parts.use(await FakeKubelet.start({ ...deps, client: this.client }));
    for (const name of ["mesh-1", "mesh-2"]) {
      const worker = new MeshWorkerDouble(this.clientOf({ username: name, groups: [SUPERUSERS] }, name), name, deps);
      this.#workers.push(this.#parts.use(worker));
    }
    this.startControl();
    await this.settle();
  }

  /** The release controller begins, or begins again. */
  startControl(): void {
    const client = this.clientOf(RELEASE_CONTROLLER, "sluice-release");
    const deps = { clock: this.clock, random: this.#random, log: silentLogger };
    const informers = new Informers(client, deps);
    this.#releaseInformers = informers;
    this.#releases = new ReleaseController({
      ...deps,
      client,
      informers,
      smoke: { get: ({ path }) => Promise.resolve(this.smoke.get(path) ?? { status: 200, body: "" }) },
      capabilities: { acknowledges: true, trips: true },
    });
  }

  async killControl(): Promise<void> {
    await this.#releases?.[Symbol.asyncDispose]();
    await this.#releaseInformers?.[Symbol.asyncDispose]();
    this.#releases = undefined;
  }

  /** Lets everything that can happen without time passing happen. */
  async settle(): Promise<void> {
    let quiet = 0;
    let revision = -1;
    while (quiet < 20) {
      await new Promise((resolve) => setImmediate(resolve));
      const { revision: now } = this.#fixture.store;
      quiet = now === revision ? quiet + 1 : 0;
      revision = now;
    }
  }

  /** Time passes in tenths of a second, with `rate` requests a second. */
  async run(seconds: number, rate: number, behaviour: Behaviour = {}): Promise<void> {
    for (let tenth = 0; tenth < seconds * 10; tenth++) {
      for (let i = 0; i < rate / 10; i++) this.#request(behaviour);
      await this.clock.advance(100);
      await this.settle();
    }
  }

  /** Like `run`, until the newest release is in this phase. Returns the seconds it took. */
  async runUntil(phase: string, rate: number, behaviour: Behaviour = {}, limit = 600): Promise<number> {
    for (let second = 0; second < limit; second++) {
      if ((await this.release())?.status?.phase === phase) return second;
      await this.run(1, rate, behaviour);
    }
    const release = await this.release();
    throw new Error(`not ${phase} but ${release?.status?.phase} after ${limit} s: ${release?.status?.message}`);
  }

  #request(behaviour: Behaviour): void {
    const worker = this.#workers[Math.floor(this.#random.next() * this.#workers.length)]!;
    const user = hash("sha256", `user-${Math.floor(this.#random.next() * 2000)}`, "hex").slice(0, 16);
    const { failed, version } = worker.request(this.#random, user, behaviour, ++this.#users);
    this.sent.all++;
    if (failed) this.sent.failed++;
    this.sent.served.set(version, (this.sent.served.get(version) ?? 0) + 1);
  }

  // ---- what a user does ------------------------------------------------------------------------------------------

  async createShop(replicas = 3): Promise<void> {
    const labels = { app: "shop" };
    await this.client.create(deployments, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "shop", namespace: "default" },
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: containers("v1") } },
    });
    await this.client.create(services, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "shop", namespace: "default" },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await this.settle();
  }

  async createPolicy(spec: Partial<ReleasePolicy["spec"]> = {}): Promise<void> {
    await this.client.create(releasepolicies, {
      apiVersion: "sluice.dev/v1alpha1",
      kind: "ReleasePolicy",
      metadata: { name: "shop", namespace: "default" },
      spec: { targetRef: { name: "shop" }, ...spec },
    });
    await this.settle();
  }

  async deletePolicy(): Promise<void> {
    await this.client.delete(releasepolicies, "shop", "default");
    await this.settle();
  }

  async setImage(version: string): Promise<void> {
    const body = { spec: { template: { spec: containers(version) } } };
    await this.client.patch(deployments, "shop", "default", { type: "strategic", body });
    await this.settle();
  }

  async order(verb: NonNullable<Release["spec"]["order"]>["verb"]): Promise<void> {
    const { name } = (await this.release())!.metadata;
    const body = { spec: { order: { id: `${verb}-${this.clock.now()}`, verb, by: "ann" } } };
    await this.client.patch(releases, name, "default", { type: "merge", body });
    await this.settle();
  }

  /** Counts the writes of a resource from now on. */
  countWrites(resource: Resource): () => number {
    const watch = new AbortController();
    let writes = 0;
    this.#parts.defer(() => watch.abort());
    const count = async (): Promise<void> => {
      const { resourceVersion } = await this.client.list(resource);
      for await (const event of this.client.watch(resource, { resourceVersion }, watch.signal))
        if (event.type !== "BOOKMARK") writes++;
    };
    void count();
    return () => writes;
  }

  /** The newest version of anything that a release is made of; workers report all the time. */
  async revisionOfOthers(): Promise<number> {
    const all = await Promise.all(
      [deployments, services, endpointslices, httproutes, releasepolicies, releases].map((each) =>
        this.client.list<KubeObject>(each as Resource),
      ),
    );
    return Math.max(...all.flatMap(({ items }) => items.map(({ metadata }) => Number(metadata.resourceVersion))));
  }

  // ---- what there is -----------------------------------------------------------------------------------------------

  deployment(): Promise<Deployment> {
    return this.client.get(deployments, "shop", "default");
  }

  /** The newest release. */
  async release(): Promise<Release | undefined> {
    const { items } = await this.client.list(releases, { namespace: "default" });
    return [...items].sort((a, b) => Number(a.spec.generation) - Number(b.spec.generation)).at(-1);
  }

  async readyPods(version: string): Promise<readonly Pod[]> {
    const { items } = await this.client.list(pods, { namespace: "default" });
    return items.filter(
      ({ spec, status, metadata }) =>
        spec.containers[0]?.image === `shop:${version}` &&
        metadata.deletionTimestamp === undefined &&
        status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
    );
  }
}

function containers(version: string): NonNullable<Pod["spec"]> {
  return { containers: [{ name: "shop", image: `shop:${version}`, ports: [{ containerPort: 8080 }] }] };
}

type Deps = ConstructorParameters<typeof Informers>[1];

/** A mesh worker without sockets: the real routing, draw, ledger, trip and reports. */
class MeshWorkerDouble implements AsyncDisposable {
  readonly #ledger = new Ledger();
  readonly #gatekeeper: Gatekeeper;
  readonly #reporter: Reporter;
  readonly #informers: Informers;
  readonly #sources: readonly Informer<KubeObject>[];
  readonly #pods: Informer<Pod>;
  #snapshot: Snapshot | undefined;

  constructor(client: ApiClient, name: string, deps: Deps) {
    const informers = new Informers(client, deps);
    this.#informers = informers;
    const watched = {
      services: informers.of(services),
      endpointslices: informers.of(endpointslices),
      httproutes: informers.of(httproutes),
      releasepolicies: informers.of(releasepolicies),
    };
    this.#sources = Object.values(watched) as unknown as readonly Informer<KubeObject>[];
    this.#pods = informers.of(pods);
    const epoch = `${name}-1`;
    this.#gatekeeper = new Gatekeeper({
      clock: deps.clock,
      epoch,
      worker: name,
      trips: [],
      tell: () => undefined,
      tripped: () => this.#reporter.now("serving"),
    });
    const versions: Record<string, string> = {};
    this.#reporter = new Reporter({
      client,
      clock: deps.clock,
      log: deps.log,
      name,
      run: { epoch, pid: 1, startTime: "2026-01-01T00:00:00Z" },
      serving: () => ({
        applied: { ...versions },
        listeners: 1,
        refused: [],
        draining: [],
        trips: this.#gatekeeper.trips,
      }),
      ledger: () => this.#ledger.report(),
    });
    const take = (): void => {
      this.#snapshot = compile({
        services: watched.services.list(),
        slices: watched.endpointslices.list(),
        routes: watched.httproutes.list(),
        policies: watched.releasepolicies.list(),
        versions,
      }).snapshot;
      this.#reporter.now("serving");
    };
    for (const [plural, informer] of Object.entries(watched))
      (informer as unknown as Informer<KubeObject>).onChange((current, previous) => {
        const version = (current ?? previous)?.metadata.resourceVersion ?? "0";
        if (Number(version) > Number(versions[plural] ?? 0)) versions[plural] = version;
        take();
      });
    informers.of(trips).onChange((current, previous) => {
      const trip = current ?? previous;
      if (!trip) return;
      this.#gatekeeper.setTrip(keyOf(trip), current?.spec);
      versions["trips"] = trip.metadata.resourceVersion;
      this.#reporter.now("serving");
    });
    this.#reporter.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reporter[Symbol.asyncDispose]();
    await this.#informers[Symbol.asyncDispose]();
  }

  get synced(): boolean {
    return this.#sources.length > 0;
  }

  request(random: Random, user: string, behaviour: Behaviour, n: number): { failed: boolean; version: string } {
    const listener = this.#snapshot?.listeners.find(({ service }) => service.name === "shop");
    const match = listener?.matches.find(({ match: { headers } }) => headers.length === 0);
    const rule = match && listener?.rules[match.rule];
    if (!rule?.release) return this.#answer(rule?.backends[0]?.backend ?? listener?.fallback ?? "", random, behaviour);
    return this.#split(rule, rule.release, { random, user, behaviour, n });
  }

  #split(
    rule: Rule,
    release: NonNullable<Rule["release"]>,
    { random, user, behaviour, n }: { random: Random; user: string; behaviour: Behaviour; n: number },
  ): { failed: boolean; version: string } {
    const weight = (id: string): number => rule.backends.find(({ backend }) => backend === id)?.weight ?? 0;
    const share = weight(release.new) / (weight(release.new) + weight(release.stable));
    const gate = release.session === undefined ? undefined : this.#gatekeeper.gate(release.session);
    const w = gate?.shut ? 0 : Math.round(share * 1e6) / 1e6;
    const hasNew = (this.#snapshot?.backends[release.new]?.endpoints.length ?? 0) > 0;
    const fresh = random.next() < w && hasNew;
    const backend = fresh ? release.new : release.stable;
    if (gate && fresh) gate.lastSent = 1;
    const first = this.#answer(backend, random, behaviour);
    if (release.session === undefined) return first;
    const tally = this.#ledger.tally(release.session, rule.id, backend, w);
    tally.drawn++;
    tally.requests++;
    this.#ledger.served(tally, user);
    const endpoint = `GET /${n % 3}`;
    const answer =
      first.failed && fresh && release.retryOnStable ? this.#answer(release.stable, random, behaviour) : first;
    if (first.failed) {
      this.#ledger.fail(tally, endpoint);
      if (answer.failed) this.#ledger.hit(tally, user);
      else this.#ledger.retried(tally, endpoint);
      this.#gatekeeper.failed(release.session, endpoint, fresh ? "new" : "old");
      this.#reporter.now("ledger");
    }
    this.#reporter.soon();
    return answer;
  }

  #answer(backend: string, random: Random, behaviour: Behaviour): { failed: boolean; version: string } {
    const endpoints = this.#snapshot?.backends[backend]?.endpoints ?? [];
    const endpoint = endpoints[Math.floor(random.next() * endpoints.length)];
    const pod = endpoint && this.#pods.list().find(({ status }) => status?.podIP === endpoint.address);
    const version = pod?.spec.containers[0]?.image?.slice("shop:".length) ?? "nobody";
    return { failed: version === "nobody" || random.next() < (behaviour[version] ?? 0), version };
  }
}
