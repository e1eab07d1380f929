import type { Random } from "../../lib/random.ts";
import type {
  ListenerSpec,
  RedirectFilter,
  ReleaseRule,
  RewriteFilter,
  Rule,
  WeightedBackend,
} from "../../plan/routing/snapshot.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { Gate } from "../session/gate.ts";
import type { Ledger, Tally } from "../session/ledger.ts";
import type { Backend } from "./backend.ts";
import { Draw } from "./draw.ts";
import { type HeaderEdits, headerEdits } from "./header-edits.ts";
import { type Matcher, matcherOf, type Subject, subjectOf } from "./matcher.ts";
import { redirectOf, rewriteOf } from "./rewrite.ts";

/** What a share of a rule's requests gets: a backend, and what happens to the messages on the way. */
export interface Share {
  readonly weight: number;
  /** Absent: the reference leads nowhere, the answer is 500. */
  readonly backend: Backend | undefined;
  readonly version: "new" | "old" | undefined;
  readonly requestEdits: HeaderEdits | undefined;
  readonly responseEdits: HeaderEdits | undefined;
  readonly rewrite: Pick<RewriteFilter, "host" | "path"> | undefined;
  readonly redirect: RedirectFilter | undefined;
}

/** The part of a rule that a release owns. */
export interface Split {
  readonly stable: Share | undefined;
  /** The old version has an endpoint, now. */
  readonly stableReady: boolean;
  readonly retryOnStable: boolean;
  readonly userHeader: string | undefined;
  /** Absent between releases: nothing is counted. */
  readonly gate: Gate | undefined;
}

/** A share that was drawn, and where its request is counted. */
export interface Drawn {
  readonly share: Share;
  readonly tally: Tally | undefined;
}

/** A rule of the snapshot, ready to serve. */
export interface ActiveRule {
  readonly id: string;
  readonly redirect: RedirectFilter | undefined;
  /** Milliseconds; Infinity: none. */
  readonly requestTimeout: number;
  readonly backendTimeout: number;
  readonly split: Split | undefined;
  draw(random: Random): Drawn | undefined;
}

/** A rule that was found for a request, and the path prefix that led to it. */
export interface Found {
  readonly rule: ActiveRule;
  readonly prefix: string;
}

export interface RouteContext {
  readonly ledger: Ledger;
  backend(id: string): Backend;
  gate(session: string): Gate;
}

/** The routes of one listener, made from the snapshot once and then asked for each request. */
export class RouteTable {
  readonly #entries: readonly { readonly matches: Matcher; readonly found: Found }[];
  readonly #everything: Found | undefined;

  constructor(spec: ListenerSpec, context: RouteContext) {
    const rules = spec.rules.map((rule) => activeRule(rule, context));
    this.#everything = spec.rules.length > 0 ? undefined : { rule: plainRule(spec, context), prefix: "/" };
    this.#entries = spec.matches.flatMap(({ match, rule }) => {
      const active = rules[rule];
      const prefix = match.path?.type === "PathPrefix" ? match.path.value : "/";
      return active ? [{ matches: matcherOf(match), found: { rule: active, prefix } }] : [];
    });
  }

  /** The rule of the first match that takes the request; undefined when none does. */
  find(head: RequestHead): Found | undefined {
    if (this.#everything) return this.#everything;
    const subject: Subject = subjectOf(head);
    for (const entry of this.#entries) if (entry.matches(subject)) return entry.found;
    return undefined;
  }
}

/** A Service without routes: all to its own endpoints. */
function plainRule(spec: ListenerSpec, context: RouteContext): ActiveRule {
  return activeRule(
    { id: spec.fallback, filters: [], backends: [{ backend: spec.fallback, weight: 1, filters: [] }] },
    context,
  );
}

function activeRule(rule: Rule, context: RouteContext): ActiveRule {
  const shares = rule.backends.map((backend) => shareOf(rule, backend, context));
  const { release } = rule;
  return {
    id: rule.id,
    redirect: redirectOf(rule.filters),
    requestTimeout: rule.timeouts?.request ?? Number.POSITIVE_INFINITY,
    backendTimeout: rule.timeouts?.backend ?? Number.POSITIVE_INFINITY,
    split: release && splitOf(release, shares, context),
    draw: drawOf(rule, shares, context),
  };
}

function splitOf(release: ReleaseRule, shares: readonly Share[], context: RouteContext): Split {
  const stable = shares.find((share) => share.version === "old");
  return {
    stable,
    get stableReady(): boolean {
      return (stable?.backend?.endpoints.length ?? 0) > 0;
    },
    retryOnStable: release.retryOnStable,
    userHeader: release.userHeader,
    gate: release.session === undefined ? undefined : context.gate(release.session),
  };
}

function shareOf(rule: Rule, of: WeightedBackend, context: RouteContext): Share {
  const filters = [...rule.filters, ...of.filters];
  const { release } = rule;
  return {
    weight: of.weight,
    backend: of.backend === undefined ? undefined : context.backend(of.backend),
    version:
      release && of.backend === release.new ? "new" : release && of.backend === release.stable ? "old" : undefined,
    requestEdits: headerEdits(filters, "requestHeaders"),
    responseEdits: headerEdits(filters, "responseHeaders"),
    rewrite: rewriteOf(filters),
    redirect: redirectOf(of.filters),
  };
}

/**
 * The draw of a rule. In a session each request also gets the place where it is counted, under the chance `w` that was in force.
 * When the gate is shut, the old version gets the weight of the new one, too.
 */
function drawOf(rule: Rule, shares: readonly Share[], context: RouteContext): ActiveRule["draw"] {
  const session = rule.release?.session;
  if (session === undefined) {
    const draw = new Draw(shares.map((share) => ({ weight: share.weight, drawn: { share, tally: undefined } })));
    return (random) => draw.next(random)?.drawn;
  }
  const gate = context.gate(session);
  const [fresh, old] = [weightOf(shares, "new"), weightOf(shares, "old")];
  const counted = (w: number, weight: (share: Share) => number): Draw<{ weight: number; drawn: Drawn }> =>
    new Draw(
      shares.map((share) => ({
        weight: weight(share),
        drawn: {
          share,
          tally: share.backend && share.version && context.ledger.tally(session, rule.id, share.backend.id, w),
        },
      })),
    );
  const chance = fresh + old === 0 ? 0 : Math.round((fresh / (fresh + old)) * 1e6) / 1e6;
  const open = counted(chance, (share) => share.weight);
  const shut = counted(0, (share) =>
    share.version === "new" ? 0 : share.version === "old" ? old + fresh : share.weight,
  );
  const stable = shares.find((share) => share.version === "old");
  const instead: Drawn | undefined = stable && { share: stable, tally: undefined };
  return (random) => {
    const drawn = (gate.shut ? shut : open).next(random)?.drawn;
    // Its pods are gone, or going, before the weights could follow: served by the old version, a draw of nobody.
    if (drawn?.share.version === "new" && isLeaving(drawn.share.backend) && instead?.share.backend?.endpoints.length)
      return instead;
    if (drawn?.tally) drawn.tally.drawn++;
    return drawn;
  };
}

/** Endpoints that terminate are there only when no other is (src/plan/routing/endpoints.ts). */
const isLeaving = (backend: Backend | undefined): boolean =>
  backend !== undefined && backend.endpoints[0]?.terminating !== false;

const weightOf = (shares: readonly Share[], version: Share["version"]): number =>
  shares.reduce((sum, share) => sum + (share.version === version ? share.weight : 0), 0);
