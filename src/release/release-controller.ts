import { releasepolicies, releases } from "../api/generated/resources.ts";
import type { Release } from "../api/generated/sluice-dev.ts";
import { parseKey } from "../api/object.ts";
import type { ApiClient } from "../client/api-client.ts";
import { Controller, type Outcome, type ReconcileContext } from "../client/controller.ts";
import { EventRecorder } from "../client/event-recorder.ts";
import type { Informers } from "../client/informers.ts";
import type { Clock } from "../lib/clock.ts";
import { type JsonValue, jsonEqual } from "../lib/json.ts";
import type { Random } from "../lib/random.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import { newName, sessionOf, stableName } from "../plan/gate/names.ts";
import { policiesFor } from "../plan/gate/governing-policy.ts";
import type { EventSubject, ReleaseAction, SmokeAction } from "../plan/release/actions.ts";
import { type Findings, NO_FINDINGS } from "../plan/release/findings.ts";
import { routesInForce } from "../plan/release/in-force.ts";
import { liveWorkers } from "../plan/routing/live-workers.ts";
import { planRelease, type ReleasePlan } from "../plan/release/plan-release.ts";
import { splitOf } from "../plan/release/release-rule.ts";
import { liveRelease } from "../plan/release/situation.ts";
import type { Capabilities, ReleaseView, SmokeResult } from "../plan/release/view.ts";
import { findingsOf } from "./findings.ts";
import { ReleaseWriter } from "./release-actions.ts";
import { ReleaseInformers } from "./release-informers.ts";
import { foldWorkers, resumeSession, type SessionLedger } from "./session-ledger.ts";
import { type SmokeClient, trySmoke } from "./smoke-client.ts";
import { PACE_MS, paceOf } from "./status-pace.ts";
import { tripSpec } from "./trip-spec.ts";
import { backendsOf } from "./worker-counts.ts";

export interface ReleaseControllerDeps {
  /** Acts as the release controller: admission lets it open and shut gates. */
  readonly client: ApiClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: Metrics;
  readonly smoke: SmokeClient;
  /** What the data plane of this cluster can do. */
  readonly capabilities: Capabilities;
}

type View = Omit<ReleaseView, "findings" | "smoke">;

/**
 * Releases new versions of Deployments that have a ReleasePolicy: gathers what is there, folds what the mesh has counted into
 * the evidence, plans one step (src/plan/release), and takes it. Knows the world only through the API, so it runs against
 * any Kubernetes.
 */
export class ReleaseController implements AsyncDisposable {
  readonly #deps: ReleaseControllerDeps;
  readonly #caches: ReleaseInformers;
  readonly #events: EventRecorder;
  readonly #controller: Controller;
  /** Ledgers of live releases by uid; the statuses hold them too, at most a second older. */
  readonly #ledgers = new Map<string, SessionLedger>();
  /** When the status of a release was last written. */
  readonly #written = new Map<string, number>();
  /** Smoke requests that were sent and not yet taken into a status, by session and index; undefined: no answer yet. */
  readonly #smoke = new Map<string, SmokeResult | undefined>();

  constructor(deps: ReleaseControllerDeps) {
    this.#deps = deps;
    this.#caches = new ReleaseInformers(deps.informers);
    this.#events = new EventRecorder(deps.client, { component: "release-controller", ...deps });
    this.#controller = new Controller({
      ...deps,
      name: "release",
      sources: this.#caches.sources(),
      reconcile: (key, context) => this.#reconcile(key, context),
    }).start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller[Symbol.asyncDispose]();
    await this.#events[Symbol.asyncDispose]();
  }

  async #reconcile(key: string, { log, signal }: ReconcileContext): Promise<Outcome> {
    const { namespace = "", name } = parseKey(key);
    const { clock, client, capabilities } = this.#deps;
    const gathered = this.#caches.view(namespace, name, capabilities);
    if (!gathered) return { kind: "done" };
    const now = clock.now();
    const live = liveRelease(gathered.releases);
    const ledger = live && this.#fold(live, gathered, now);
    const findings = live && ledger ? this.#findings(live, ledger, gathered) : NO_FINDINGS;
    const plan = planRelease({ ...gathered, findings, smoke: this.#answers(live) }, now);
    // Limits move with every request: that they are written is no news.
    const told = plan.actions.filter(({ kind }) => kind !== "writeTrip");
    if (told.length > 0) log.info("planned", { release: live?.metadata.name, actions: told.map(brief) });
    const writer = new ReleaseWriter(client, this.#caches, namespace);
    for (const action of plan.actions) await this.#act(action, { writer, key, gathered, ledger, signal });
    const paced = await this.#writeStatuses(plan, { writer, gathered, live, ledger }, now);
    await writer.settled();
    this.#forgetEnded(gathered);
    const wakeAt = Math.min(plan.wakeAt ?? Infinity, paced ?? Infinity);
    return wakeAt === Infinity ? { kind: "done" } : { kind: "requeueAfter", ms: Math.max(0, wakeAt - clock.now()) };
  }

  #fold(live: Release, view: View, now: number): SessionLedger {
    const session = sessionFor(live);
    const { uid } = live.metadata;
    const known = this.#ledgers.get(uid);
    const before = known?.session === session ? known : resumeSession(live.status?.ledger, session);
    const { userTime, bakeTime } = live.status?.progress ?? {};
    const milestones = { ...(userTime !== undefined && { userTime }), ...(bakeTime !== undefined && { bakeTime }) };
    const backends = backendsOf(view.namespace, newName(view.name), stableName(view.name));
    const rules = view.routes.filter((route) => splitOf(route, view.name)?.session === session);
    const counted = !view.capabilities.acknowledges || liveWorkers(view.workers, now).length > 0;
    const measuring = counted && rules.length > 0 && routesInForce(view, rules, now);
    const folded = foldWorkers(before, view.workers, backends, milestones, now, measuring);
    this.#ledgers.set(uid, folded);
    return folded;
  }

  #findings(live: Release, ledger: SessionLedger, view: View): Findings {
    const { version = "the new version", fromVersion = "the old version" } = live.spec;
    const [policy] = policiesFor(view.name, view.policies);
    const weights = view.routes.map((route) => splitOf(route, view.name)?.w ?? 0);
    return findingsOf({
      ledger,
      policy,
      versions: { new: version, old: fromVersion },
      w: Math.max(0, ...weights),
      workers: view.workers,
    });
  }

  async #act(action: ReleaseAction, scope: Scope): Promise<void> {
    const { writer, key, gathered, ledger, signal } = scope;
    switch (action.kind) {
      case "event": {
        const about = this.#subject(action.about, gathered.namespace);
        if (about) this.#events.record(about, action);
        return;
      }
      case "smoke":
        this.#sendSmoke(action, key, signal);
        return;
      case "writeTrip": {
        const backend = `${gathered.namespace}/${newName(gathered.name)}`;
        if (ledger?.session === action.session)
          await writer.writeTrip(action.release, tripSpec(ledger, backend, action.w));
        return;
      }
      default:
        await writer.write(action);
    }
  }

  #subject({ kind, name }: EventSubject, namespace: string) {
    const key = `${namespace}/${name}`;
    if (kind === "Deployment") return this.#caches.deployments.get(key);
    return kind === "Release" ? this.#caches.releases.get(key) : this.#caches.policies.get(key);
  }

  #sendSmoke(action: SmokeAction, key: string, signal: AbortSignal): void {
    const id = smokeId(action);
    if (this.#smoke.has(id)) return;
    this.#smoke.set(id, undefined);
    void trySmoke(this.#deps.smoke, action, signal).then((result) => {
      this.#smoke.set(id, result);
      this.#controller.enqueue(key);
    });
  }

  #answers(live: Release | undefined): readonly SmokeResult[] {
    const session = live && sessionFor(live);
    return [...this.#smoke.values()].filter(
      (result) => result !== undefined && result.session === session,
    ) as SmokeResult[];
  }

  /** Returns when counts that have to wait are to be written. */
  async #writeStatuses(plan: ReleasePlan, scope: StatusScope, now: number): Promise<number | undefined> {
    const { writer, gathered, live, ledger } = scope;
    let later: number | undefined;
    for (const { name, status } of plan.status.releases) {
      const release = gathered.releases.find(({ metadata }) => metadata.name === name);
      if (!release) continue;
      const next = release === live && ledger ? { ...status, ledger: { ...ledger } } : status;
      const last = this.#written.get(release.metadata.uid) ?? 0;
      const pace = paceOf(release.status, next, now - last);
      if (pace === "later") later = last + PACE_MS;
      if (pace !== "now") continue;
      await writer.updateStatus(releases, { ...release, status: next }, this.#caches.releases);
      this.#written.set(release.metadata.uid, now);
    }
    for (const { name, status } of plan.status.policies) {
      // Finalizers may have been written in this pass: what is in the cache by now has the newest version.
      await writer.settled();
      const policy = this.#caches.policies.get(`${gathered.namespace}/${name}`);
      if (!policy || jsonEqual(policy.status as JsonValue | undefined, status as unknown as JsonValue)) continue;
      await writer.updateStatus(releasepolicies, { ...policy, status }, this.#caches.policies);
    }
    return later;
  }

  #forgetEnded({ releases: all }: View): void {
    for (const { metadata, status } of all) {
      if (status?.endTime === undefined) continue;
      this.#ledgers.delete(metadata.uid);
      this.#written.delete(metadata.uid);
    }
    const sessions = new Set(
      this.#caches.releases
        .list()
        .filter(({ status }) => status?.endTime === undefined)
        .map(sessionFor),
    );
    for (const id of this.#smoke.keys()) if (!sessions.has(id.slice(0, id.lastIndexOf("#")))) this.#smoke.delete(id);
  }
}

interface Scope {
  readonly writer: ReleaseWriter;
  readonly key: string;
  readonly gathered: View;
  readonly ledger: SessionLedger | undefined;
  readonly signal: AbortSignal;
}

interface StatusScope {
  readonly writer: ReleaseWriter;
  readonly gathered: View;
  readonly live: Release | undefined;
  readonly ledger: SessionLedger | undefined;
}

function sessionFor(release: Release): string {
  return sessionOf(release, release.status?.attempt ?? 1);
}

function smokeId({ session, index }: Pick<SmokeAction, "session" | "index">): string {
  return `${session}#${index}`;
}

/** An action as one line of the log. */
function brief(action: ReleaseAction): string {
  if (action.kind === "event") return `event ${action.reason}`;
  const named = "object" in action ? action.object.metadata.name : "name" in action ? action.name : "";
  return `${action.kind} ${named ?? ""}: ${action.why}`;
}
