import type { Deployment, ReplicaSet } from "../../src/api/generated/apps-v1.ts";
import type { Pod, Service } from "../../src/api/generated/core-v1.ts";
import type { EndpointSlice } from "../../src/api/generated/discovery-v1.ts";
import type { HTTPRoute } from "../../src/api/generated/gateway-networking-k8s-io.ts";
import type { MeshWorker, Release, ReleasePolicy, Trip } from "../../src/api/generated/sluice-dev.ts";
import type { KubeObject } from "../../src/api/object.ts";
import { jsonEqual, type JsonValue } from "../../src/lib/json.ts";
import { formatTimestamp } from "../../src/lib/timestamp.ts";
import { planDeployment } from "../../src/plan/deployment/deployment-plan.ts";
import { admitDeployment } from "../../src/plan/gate/admit-deployment.ts";
import { isActive, isDeleting, isReady } from "../../src/plan/pods/readiness.ts";
import type { ReleaseAction } from "../../src/plan/release/actions.ts";
import { type Findings, NO_FINDINGS } from "../../src/plan/release/findings.ts";
import { planRelease, type ReleasePlan } from "../../src/plan/release/plan-release.ts";
import type { ReleaseView, SmokeResult } from "../../src/plan/release/view.ts";
import { planReplicaSet } from "../../src/plan/replicaset/replica-set-plan.ts";
import { compile } from "../../src/plan/routing/compile.ts";
import type { Snapshot } from "../../src/plan/routing/snapshot.ts";
import { deployment as fixture, meta, template } from "./workload.ts";

type Order = NonNullable<Release["spec"]["order"]>;

/** What a worker serves by: the objects as it last took them over. */
interface Taken {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly routes: readonly HTTPRoute[];
  readonly policies: readonly ReleasePolicy[];
  readonly applied: Readonly<Record<string, string>>;
}

const WORKERS = 2;
/** The Service through which users come. */
export const FRONT = "shop";

/**
 * One Deployment with a Service and a policy, the controllers around it (their real plans), pods, slices and mesh workers
 * that serve by what they last took over (the real compile). Nothing happens by itself: a test or a seed decides what comes
 * next, so every order of events can be played, with users looking at each moment.
 */
export class ReleaseWorld {
  now: number = Date.parse("2026-01-01T00:00:00Z");
  #version = 10;
  #names = 0;
  #born = 0;
  readonly #store = new Map<string, KubeObject>();
  readonly #workers: Taken[] = [];
  /** What the planner is told about the requests; a test sets it. */
  findings: Findings = NO_FINDINGS;
  smoke: SmokeResult[] = [];
  /** Versions whose pods never get ready. */
  readonly broken: Set<string> = new Set();
  readonly events: string[] = [];
  /** Actions of the last pass. */
  lastPlan: ReleasePlan | undefined;

  constructor(options: { policy?: Partial<ReleasePolicy["spec"]>; replicas?: number; gated?: boolean } = {}) {
    this.#put("deployments", fixture("v1", { replicas: options.replicas ?? 3 }));
    this.#put("services", {
      apiVersion: "v1",
      kind: "Service",
      metadata: meta(FRONT),
      spec: {
        type: "ClusterIP",
        clusterIP: "127.64.0.9",
        selector: { app: "shop" },
        ports: [{ port: 80, targetPort: 8080, protocol: "TCP" }],
      },
    } as Service);
    for (let i = 0; i < WORKERS; i++)
      this.#workers.push({ services: [], slices: [], routes: [], policies: [], applied: {} });
    this.settle();
    if (options.gated !== false) this.addPolicy(options.policy ?? {});
    this.settle();
  }

  // ---- reading ----------------------------------------------------------------------------------------------------

  all<T extends KubeObject>(plural: string): readonly T[] {
    return [...this.#store].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object as T);
  }

  get<T extends KubeObject>(plural: string, name: string): T | undefined {
    return this.#store.get(`${plural}/${name}`) as T | undefined;
  }

  get deployment(): Deployment {
    return this.get<Deployment>("deployments", "shop")!;
  }

  /** The newest release. */
  get release(): Release {
    return this.all<Release>("releases").at(-1)!;
  }

  get policy(): ReleasePolicy | undefined {
    return this.get<ReleasePolicy>("releasepolicies", "shop");
  }

  get phase(): string | undefined {
    return this.all("releases").length === 0 ? undefined : this.release.status?.phase;
  }

  /** Weights of the rule, new version's share first; undefined without a rule that splits. */
  get weight(): number | undefined {
    const [route] = this.all<HTTPRoute>("httproutes");
    const refs = route?.spec.rules?.find(({ name }) => name === "release")?.backendRefs ?? [];
    const fresh = refs.find(({ name }) => name === "shop-new")?.weight;
    const stable = refs.find(({ name }) => name === "shop-stable")?.weight ?? 0;
    return fresh === undefined ? undefined : fresh / (fresh + stable);
  }

  /** The version of the present template. */
  get image(): string {
    return this.deployment.spec.template.spec?.containers[0]?.image?.slice("shop:".length) ?? "";
  }

  /** The version behind `-stable`. */
  get stableVersion(): string {
    const hash = this.get<Service>("services", "shop-stable")?.spec.selector?.["pod-template-hash"];
    const set = this.all<ReplicaSet>("replicasets").find(
      ({ metadata }) => metadata.labels?.["pod-template-hash"] === hash,
    );
    return set?.spec.template?.spec?.containers[0]?.image?.slice("shop:".length) ?? "";
  }

  podsOf(version: string): readonly Pod[] {
    return this.all<Pod>("pods").filter((pod) => pod.spec.containers[0]?.image === `shop:${version}`);
  }

  readyOf(version: string): readonly Pod[] {
    return this.podsOf(version).filter((pod) => isReady(pod) && isActive(pod));
  }

  view(): ReleaseView {
    const deployment = this.get<Deployment>("deployments", "shop");
    const [trip] = this.all<Trip>("trips");
    return {
      namespace: "default",
      name: "shop",
      ...(deployment && { deployment }),
      deployments: this.all("deployments"),
      replicaSets: this.all("replicasets"),
      pods: this.all("pods"),
      policies: this.all("releasepolicies"),
      services: this.all("services"),
      slices: this.all("endpointslices"),
      routes: this.all("httproutes"),
      releases: this.all("releases"),
      ...(trip && { trip }),
      workers: this.#workers.map(({ applied }, i) => this.#worker(i, applied)),
      findings: this.findings,
      smoke: this.smoke,
      capabilities: { acknowledges: true, trips: true },
    };
  }

  // ---- users --------------------------------------------------------------------------------------------------------

  /** Writes the Deployment as a user would, through admission. */
  write(change: (deployment: Deployment) => Deployment): void {
    const old = this.deployment;
    const next = change(old);
    const { object } = admitDeployment(old, next, {
      policies: this.all("releasepolicies"),
      releases: this.all("releases"),
      replicaSets: this.all("replicasets"),
      services: this.all("services"),
      byReleaseController: false,
    });
    this.#putSpec("deployments", object);
  }

  /** `kubectl set image`, or a manifest that names no more than the template. */
  apply(version: string): void {
    this.write((d) => ({ ...d, spec: { ...d.spec, template: template(version) } }));
  }

  /** `kubectl rollout undo`: the template and the annotations of an older set. */
  undo(version = "v1"): void {
    const set = this.all<ReplicaSet>("replicasets").find(
      ({ spec }) => spec.template?.spec?.containers[0]?.image === `shop:${version}`,
    );
    if (!set) return;
    this.write((d) => ({
      ...d,
      metadata: { ...d.metadata, annotations: set.metadata.annotations ?? {} },
      spec: { ...d.spec, template: template(version) },
    }));
  }

  scale(replicas: number): void {
    this.write((d) => ({ ...d, spec: { ...d.spec, replicas } }));
  }

  pause(paused: boolean): void {
    this.write((d) => ({ ...d, spec: { ...d.spec, paused } }));
  }

  addPolicy(spec: Partial<ReleasePolicy["spec"]>, name = "shop"): void {
    const policy: ReleasePolicy = {
      apiVersion: "sluice.dev/v1alpha1",
      kind: "ReleasePolicy",
      metadata: meta(name, { generation: 1 }),
      spec: { targetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop" }, ...spec },
    };
    this.#put("releasepolicies", policy);
  }

  editPolicy(spec: Partial<ReleasePolicy["spec"]>): void {
    if (this.policy) this.#putSpec("releasepolicies", { ...this.policy, spec: { ...this.policy.spec, ...spec } });
  }

  deletePolicy(): void {
    const { policy } = this;
    if (!policy) return;
    const metadata = { ...policy.metadata, deletionTimestamp: formatTimestamp(this.now) };
    if ((metadata.finalizers ?? []).length === 0) this.#store.delete("releasepolicies/shop");
    else this.#put("releasepolicies", { ...policy, metadata });
  }

  /** The user's Service as `change` makes it; undefined: `kubectl delete service`. */
  changeService(change: ((service: Service) => Service) | undefined): void {
    const service = this.get<Service>("services", FRONT);
    if (!service) return;
    if (change) this.#putSpec("services", change(service));
    else this.#remove("services", FRONT);
  }

  /** `kubectl apply` of a Service that was there before. */
  restoreService(service: Service): void {
    this.#put("services", service);
  }

  /** `kubectl apply` of a route of the user. */
  addRoute(name: string, spec: HTTPRoute["spec"]): void {
    this.#put("httproutes", {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: meta(name, { generation: 1 }),
      spec,
    });
  }

  /** `kubectl delete deployment`, garbage collection included. */
  removeDeployment(): void {
    for (const set of this.all("replicasets")) this.#remove("replicasets", set.metadata.name);
    for (const pod of this.all("pods")) this.#remove("pods", pod.metadata.name);
    this.#remove("deployments", "shop");
  }

  order(verb: Order["verb"]): void {
    this.orderTo(this.release.metadata.name, verb);
  }

  orderTo(name: string, verb: Order["verb"]): void {
    const release = this.get<Release>("releases", name);
    const order: Order = { id: `order-${++this.#names}`, verb, by: "ann" };
    if (release) this.#putSpec("releases", { ...release, spec: { ...release.spec, order } });
  }

  /** The image of this version cannot be pulled, or (`found`) can again. */
  loseImage(version: string, found = false): void {
    if (found) this.broken.delete(version);
    else this.broken.add(version);
    const waiting = {
      name: "shop",
      ready: false,
      restartCount: 0,
      image: "",
      imageID: "",
      state: { waiting: { reason: "ErrImagePull" } },
    };
    for (const pod of this.podsOf(version))
      if (!isReady(pod))
        this.#put("pods", { ...pod, status: { ...pod.status, containerStatuses: found ? [] : [waiting] } });
  }

  // ---- what goes on around ------------------------------------------------------------------------------------------

  /** One pass of the release controller; `only`: it is killed after that many of its actions. */
  releaseController(only: number = Infinity): boolean {
    const before = this.#version;
    const plan = planRelease(this.view(), this.now);
    expectData(plan);
    this.lastPlan = plan;
    for (const [i, action] of plan.actions.entries()) {
      if (i >= only) return true;
      this.#act(action);
    }
    if (plan.actions.length >= only) return true;
    for (const { name, status } of plan.status.releases) this.#putStatus("releases", name, status);
    for (const { name, status } of plan.status.policies) this.#putStatus("releasepolicies", name, status);
    return this.#version !== before;
  }

  deploymentController(): boolean {
    const deployment = this.get<Deployment>("deployments", "shop");
    if (!deployment) return false;
    const before = this.#version;
    const plan = planDeployment(
      { deployment, replicaSets: this.all("replicasets"), pods: this.all("pods"), nodes: [] },
      this.now,
    );
    for (const action of plan.actions) {
      if (action.kind === "createReplicaSet")
        this.#create("replicasets", action.object as unknown as ReplicaSet, { replicas: 0 });
      else if (action.kind === "deleteReplicaSet") this.#store.delete(`replicasets/${action.replicaSet.name}`);
      else if (action.kind === "updateReplicaSet") {
        const set = this.get<ReplicaSet>("replicasets", action.replicaSet.name)!;
        const { replicas, minReadySeconds, annotations } = action;
        this.#put("replicasets", {
          ...set,
          metadata: { ...set.metadata, ...(annotations && { annotations }) },
          spec: {
            ...set.spec,
            ...(replicas !== undefined && { replicas }),
            ...(minReadySeconds !== undefined && { minReadySeconds }),
          },
        });
      }
    }
    const { status, revision } = plan.status;
    const annotations = {
      ...deployment.metadata.annotations,
      ...(revision && { "deployment.kubernetes.io/revision": revision }),
    };
    const written = { ...deployment, status, metadata: { ...deployment.metadata, annotations } };
    if (this.deployment === deployment && !same(written, deployment)) this.#put("deployments", written);
    return this.#version !== before;
  }

  replicaSetController(): boolean {
    const before = this.#version;
    for (const set of this.all<ReplicaSet>("replicasets")) {
      const plan = planReplicaSet({ replicaSet: set, pods: this.all("pods"), related: this.all("pods") }, this.now);
      for (const action of plan.actions) {
        if (action.kind === "createPods") for (let i = 0; i < action.count; i++) this.#createPod(set);
        else if (action.kind === "deletePod") this.deletePod(action.pod.name);
      }
      this.#putStatus("replicasets", set.metadata.name, plan.status);
    }
    return this.#version !== before;
  }

  deletePod(name: string): void {
    const pod = this.get<Pod>("pods", name);
    if (pod && !isDeleting(pod))
      this.#put("pods", { ...pod, metadata: { ...pod.metadata, deletionTimestamp: formatTimestamp(this.now) } });
  }

  /** The next pod that can becomes ready. */
  podBecomesReady(): boolean {
    const pod = this.all<Pod>("pods").find(
      (each) =>
        isActive(each) && !isReady(each) && !this.broken.has(each.spec.containers[0]?.image?.split(":")[1] ?? ""),
    );
    if (pod)
      this.#put("pods", { ...pod, status: { ...pod.status, phase: "Running", conditions: [this.#ready("True")] } });
    return pod !== undefined;
  }

  /** A pod of this version exits, and is started again. */
  crash(version: string): void {
    const [pod] = this.readyOf(version);
    if (!pod) return;
    const status = {
      name: "shop",
      ready: false,
      restartCount: 1,
      image: "",
      imageID: "",
      lastState: { terminated: { exitCode: 7 } },
    };
    this.#put("pods", {
      ...pod,
      status: { ...pod.status, conditions: [this.#ready("False")], containerStatuses: [status] },
    });
  }

  loseReadiness(version: string): void {
    const [pod] = this.readyOf(version);
    if (pod) this.#put("pods", { ...pod, status: { ...pod.status, conditions: [this.#ready("False")] } });
  }

  /** Pods that are being deleted go once no worker sends to them any more (the acked drain of the node agent). */
  podsVanish(): boolean {
    const before = this.#version;
    for (const pod of this.all<Pod>("pods")) {
      const address = pod.status?.podIP ?? "";
      if (!isDeleting(pod) || this.#slicesHave(this.all("endpointslices"), address)) continue;
      if (this.#workers.some(({ slices }) => this.#slicesHave(slices, address))) continue;
      this.#store.delete(`pods/${pod.metadata.name}`);
      this.#version++;
    }
    return this.#version !== before;
  }

  endpointController(): boolean {
    const before = this.#version;
    const names = new Set(this.all<Service>("services").map(({ metadata }) => metadata.name));
    for (const slice of this.all<EndpointSlice>("endpointslices"))
      if (!names.has(slice.metadata.name)) this.#remove("endpointslices", slice.metadata.name);
    for (const service of this.all<Service>("services")) {
      const selector = Object.entries(service.spec.selector ?? {});
      const pods = this.all<Pod>("pods").filter((pod) => selector.every(([k, v]) => pod.metadata.labels?.[k] === v));
      const old = this.get<EndpointSlice>("endpointslices", service.metadata.name);
      const slice: EndpointSlice = {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata:
          old?.metadata ??
          meta(service.metadata.name, { labels: { "kubernetes.io/service-name": service.metadata.name } }),
        addressType: "IPv4",
        ports: (service.spec.ports ?? []).map(({ name, targetPort }) => ({
          ...(name && { name }),
          port: Number(targetPort),
          protocol: "TCP" as const,
        })),
        endpoints: pods
          .filter((pod) => isReady(pod) || isDeleting(pod))
          .map((pod) => ({
            addresses: [pod.status?.podIP ?? ""],
            conditions: {
              ready: isReady(pod) && !isDeleting(pod),
              serving: isReady(pod),
              terminating: isDeleting(pod),
            },
          }))
          .filter(({ conditions }) => conditions.ready),
      };
      if (!same(slice, old)) this.#put("endpointslices", slice);
    }
    return this.#version !== before;
  }

  /** A worker takes over what there is, of these resources or of all. */
  sync(
    worker: number,
    plurals: readonly string[] = ["services", "endpointslices", "httproutes", "releasepolicies", "trips"],
  ): boolean {
    const taken = this.#workers[worker]!;
    const has = (plural: string): boolean => plurals.includes(plural);
    const next: Taken = {
      services: has("services") ? this.all("services") : taken.services,
      slices: has("endpointslices") ? this.all("endpointslices") : taken.slices,
      routes: has("httproutes") ? this.all("httproutes") : taken.routes,
      policies: has("releasepolicies") ? this.all("releasepolicies") : taken.policies,
      applied: { ...taken.applied, ...Object.fromEntries(plurals.map((plural) => [plural, String(this.#version)])) },
    };
    const changed = (["services", "slices", "routes", "policies"] as const).some(
      (each) => !same(next[each], taken[each]),
    );
    this.#workers[worker] = next;
    return changed || !same(next.applied, taken.applied);
  }

  syncAll(): boolean {
    return this.#workers.map((_, i) => this.sync(i)).some(Boolean);
  }

  /** Everything but the release controller runs until nothing changes; then the release controller, and so on. */
  settle(rounds = 200): void {
    for (let round = 0; round < rounds; round++) {
      const around = this.#around();
      const released = this.releaseController();
      if (!around && !released) return;
    }
    throw new Error(`does not settle: ${this.release?.status?.message}`);
  }

  #around(): boolean {
    let changed = false;
    for (let round = 0; round < 100; round++) {
      const steps = [
        this.deploymentController(),
        this.replicaSetController(),
        this.podBecomesReady(),
        this.endpointController(),
        this.syncAll(),
        this.podsVanish(),
      ];
      if (!steps.slice(0, 4).some(Boolean) && !steps[5]) return changed;
      changed = true;
    }
    throw new Error("the world does not settle");
  }

  /** Time passes, with a look each second, as the shell's timer does. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now = Math.min(end, this.now + 1000);
      this.settle();
    }
  }

  // ---- what users meet ------------------------------------------------------------------------------------------------

  /**
   * The images of the pods that a request of an ordinary user may meet, on any worker; "nobody" when it finds none, "gone" when
   * it is sent to a pod that is not there.
   */
  served(): ReadonlySet<string> {
    return new Set(this.#workers.flatMap((taken) => this.#servedBy(taken)));
  }

  #servedBy(taken: Taken): readonly string[] {
    const { snapshot } = compile({ ...taken, versions: {} });
    const listener = snapshot.listeners.find(({ service }) => service.name === FRONT);
    if (!listener) return ["nobody"];
    const plain = listener.matches.find(({ match }) => match.headers.length === 0);
    const rule = plain && listener.rules[plain.rule];
    if (!rule) return this.#images(snapshot, [listener.fallback]);
    const { release } = rule;
    const drawn = rule.backends.filter(({ weight }) => weight > 0).map(({ backend = "" }) => backend);
    // A draw for a new version that has no pod is served by the old one (docs/architecture.md).
    const meant = drawn.map((id) =>
      release && id === release.new && (snapshot.backends[id]?.endpoints.length ?? 0) === 0 ? release.stable : id,
    );
    return meant.length === 0 ? ["nobody"] : this.#images(snapshot, meant);
  }

  #images(snapshot: Snapshot, backends: readonly string[]): readonly string[] {
    return backends.flatMap((id) => {
      const endpoints = snapshot.backends[id]?.endpoints ?? [];
      if (endpoints.length === 0) return ["nobody"];
      return endpoints.map(({ address }) => {
        const pod = this.all<Pod>("pods").find(({ status }) => status?.podIP === address);
        return pod?.spec.containers[0]?.image ?? "gone";
      });
    });
  }

  // ---- the store --------------------------------------------------------------------------------------------------------

  #act(action: ReleaseAction): void {
    switch (action.kind) {
      case "createService":
        return this.#create("services", {
          ...action.object,
          spec: { ...action.object.spec, clusterIP: `127.64.1.${++this.#names}` },
        } as Service);
      case "createRoute":
        return this.#create("httproutes", action.object as unknown as HTTPRoute);
      case "createRelease":
        return this.#create("releases", action.object as unknown as Release);
      case "updateService":
        return this.#replace("services", action.object);
      case "updateRoute":
        return this.#replace("httproutes", action.object);
      case "updateDeployment":
        return this.#replace("deployments", action.object);
      case "updatePolicy":
        return this.#replace("releasepolicies", action.object);
      case "deleteService":
        return this.#remove("services", action.name);
      case "deleteRoute":
        return this.#remove("httproutes", action.name);
      case "deleteRelease":
        return this.#remove("releases", action.name);
      case "scaleReplicaSet": {
        const set = this.get<ReplicaSet>("replicasets", action.name)!;
        return this.#put("replicasets", { ...set, spec: { ...set.spec, replicas: action.replicas } });
      }
      case "event":
        this.events.push(`${action.about.kind} ${action.reason}`);
        return undefined;
      case "smoke": {
        const { session, index, path, pod } = action;
        if (!this.smoke.some((r) => r.session === session && r.index === index))
          this.smoke.push({ session, index, get: path, pod, ok: !this.broken.has(`smoke ${path}`) });
        return undefined;
      }
      case "writeTrip":
        return this.#writeTrip(action.release, action.session, action.w);
      case "deleteTrip":
        return this.#remove("trips", action.name);
    }
  }

  #worker(index: number, applied: Readonly<Record<string, string>>): MeshWorker {
    return {
      apiVersion: "sluice.dev/v1alpha1",
      kind: "MeshWorker",
      metadata: meta(`mesh-${index + 1}`),
      status: { epoch: `e${index}`, renewTime: formatTimestamp(this.now), leaseSeconds: 5, applied },
    };
  }

  #createPod(set: ReplicaSet): void {
    const name = `${set.metadata.name}-${++this.#names}`;
    const { spec, metadata } = set.spec.template!;
    this.#put("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: meta(name, {
        labels: metadata?.labels ?? {},
        creationTimestamp: formatTimestamp(this.now),
        ownerReferences: [
          {
            apiVersion: "apps/v1",
            kind: "ReplicaSet",
            name: set.metadata.name,
            uid: set.metadata.uid,
            controller: true,
          },
        ],
      }),
      spec: { ...spec, nodeName: "node" },
      status: { phase: "Pending", podIP: `127.64.200.${this.#names}` },
    } as Pod);
  }

  #ready(status: "True" | "False"): { type: string; status: "True" | "False"; lastTransitionTime: string } {
    return { type: "Ready", status, lastTransitionTime: formatTimestamp(this.now) };
  }

  #slicesHave(slices: readonly EndpointSlice[], address: string): boolean {
    return slices.some(({ endpoints }) => (endpoints ?? []).some(({ addresses }) => addresses.includes(address)));
  }

  #create<T extends KubeObject>(plural: string, object: T, status?: unknown): void {
    const { name } = object.metadata;
    if (this.get(plural, name)) throw new Error(`${plural} ${name} exists`);
    const metadata = {
      ...meta(name),
      ...object.metadata,
      uid: `uid-${name}`,
      // One after the other, as sets are ordered by their age.
      creationTimestamp: formatTimestamp(this.now + 1000 * this.#born++),
      generation: 1,
    };
    this.#put(plural, { ...object, metadata, ...(status !== undefined && { status }) } as KubeObject);
  }

  /** An update with the version that was read: a conflict is an error of the test, as nothing happens in between. */
  #replace(plural: string, object: KubeObject): void {
    const current = this.get(plural, object.metadata.name);
    if (current?.metadata.resourceVersion !== object.metadata.resourceVersion)
      throw new Error(`conflict on ${plural} ${object.metadata.name}`);
    if (
      plural === "releasepolicies" &&
      object.metadata.deletionTimestamp &&
      (object.metadata.finalizers ?? []).length === 0
    )
      this.#remove(plural, object.metadata.name);
    else this.#putSpec(plural, object);
  }

  /** What the limits are is src/evidence's business; at 100 % there are none. */
  #writeTrip(name: string, session: string, w: number): void {
    const spec = { session, backend: "default/shop-new", limits: w < 1 ? [{ failures: [2] }] : [] };
    if (same(spec, this.get<Trip>("trips", name)?.spec)) return;
    this.#put("trips", { apiVersion: "sluice.dev/v1alpha1", kind: "Trip", metadata: meta(name), spec });
  }

  #putSpec<T extends KubeObject>(plural: string, object: T): void {
    const current = this.get(plural, object.metadata.name);
    const spec = (each: KubeObject | undefined): JsonValue => (each as { spec?: JsonValue } | undefined)?.spec ?? null;
    const generation = (current?.metadata.generation ?? 0) + (jsonEqual(spec(current), spec(object)) ? 0 : 1);
    this.#put(plural, { ...object, metadata: { ...object.metadata, generation } });
  }

  #putStatus(plural: string, name: string, status: unknown): void {
    const current = this.get(plural, name);
    if (current && !same((current as { status?: unknown }).status, status))
      this.#put(plural, { ...current, status } as KubeObject);
  }

  #put<T extends KubeObject>(plural: string, object: T): void {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#store.set(`${plural}/${metadata.name}`, { ...object, metadata });
  }

  #remove(plural: string, name: string): void {
    if (this.#store.delete(`${plural}/${name}`)) this.#version++;
  }
}

function same(a: unknown, b: unknown): boolean {
  return jsonEqual(plain(a), plain(b));
}

const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value ?? null)) as JsonValue;

/** A plan is plain data. */
function expectData(plan: ReleasePlan): void {
  if (!jsonEqual(plain(plan), plan as unknown as JsonValue)) throw new Error("the plan is not plain data");
}
