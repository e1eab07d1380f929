import type { Deployment } from "../../api/generated/apps-v1.ts";
import type { Pod } from "../../api/generated/core-v1.ts";
import type { Release } from "../../api/generated/sluice-dev.ts";
import { HttpsClient } from "../../client/https-client.ts";
import { readKubeconfig } from "../../client/kubeconfig.ts";
import { Transport } from "../../client/transport.ts";
import { AppError } from "../../lib/app-error.ts";
import { sleep } from "../../lib/clock.ts";
import type { Context } from "../context.ts";
import { releasesOfDeployment } from "../releases/releases.ts";
import type { DemoFiles, Ports } from "./files.ts";
import type { LoadPlan } from "./load/plan.ts";
import type { RequestRecord } from "./load/record.ts";
import { LoadProcess } from "./load-process.ts";
import type { Screen } from "./screen.ts";
import { type Outcome, runSluice } from "./subcommand.ts";
import { World } from "./world.ts";

export const NAMESPACE = "default";
export const RESTAURANT = "ftgo-restaurant-service";

/** What every act works with: the engine, its commands, the load, what is to be seen of both. */
export class Stage implements AsyncDisposable {
  readonly context: Context;
  readonly files: DemoFiles;
  readonly screen: Screen;
  manifests = "";
  ports: Ports = { gateway: 0, restaurants: 0 };
  /** Aborted by the user, or when the load has died: without it nothing that is measured means anything. */
  readonly signal: AbortSignal;
  readonly #broken = new AbortController();
  #world: World | undefined;
  #load: LoadProcess | undefined;
  #transport: Transport | undefined;

  constructor(context: Context, files: DemoFiles, screen: Screen) {
    this.context = context;
    this.files = files;
    this.screen = screen;
    this.signal = AbortSignal.any([context.signal, this.#broken.signal]);
  }

  get world(): World {
    if (!this.#world) throw new Error("the engine is not up yet");
    return this.#world;
  }

  /** What the load generator has logged so far. */
  get records(): readonly RequestRecord[] {
    return this.#load?.records ?? [];
  }

  get now(): number {
    return this.context.clock.now();
  }

  /** Runs a command of Sluice and shows it with what it prints; one that fails ends the act, unless it may. */
  async sluice(args: readonly string[], options: { readonly mayFail?: boolean } = {}): Promise<Outcome> {
    const shown = args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg}'`));
    this.screen.print(`$ sluice ${shown.join(" ")}`);
    const { home, base: cwd } = this.files;
    let last = "";
    const onLine = (line: string): void => {
      // `rollout status` says the same as often as anything changes.
      if (line !== last && line !== "") this.screen.print(`  ${line}`);
      last = line;
    };
    const outcome = await runSluice(this.context, args, { home, cwd, signal: this.signal, onLine });
    if (outcome.code !== 0 && !options.mayFail)
      throw new AppError("demo", `sluice ${args.join(" ")} ended with exit code ${outcome.code}`);
    return outcome;
  }

  /** Begins to watch the engine that is up now. */
  async watch(): Promise<void> {
    const { endpoint } = await readKubeconfig(`${this.files.home}/kubeconfig`);
    this.#transport = new Transport(endpoint, "sluice-demo");
    const client = new HttpsClient(this.#transport);
    this.#world = new World(client, NAMESPACE, this.context.clock, this.context.random);
    await this.#world.synced();
  }

  startLoad(plan: LoadPlan): void {
    const { node, programs, clock } = this.context;
    this.#load = new LoadProcess({
      node,
      programs,
      folder: this.files.folder,
      plan,
      clock,
      onRecords: () => this.world.touch(),
      onDeath: () => this.#broken.abort(new AppError("demo", "the load generator has died")),
    });
  }

  /** Ends the load and reads its log to the end. */
  async stopLoad(): Promise<readonly RequestRecord[]> {
    await this.#load?.stop();
    return this.records;
  }

  /** Lets the load go on for a while. */
  traffic(ms: number): Promise<void> {
    return sleep(this.context.clock, ms, this.signal);
  }

  /** Resolves with what `look` finds, looking after each change of the world. Throws when `timeout` (ms) is over. */
  until<T>(what: string, timeout: number, look: () => T | undefined | false): Promise<T> {
    const { signal } = this;
    const { clock } = this.context;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        cancel();
        subscription?.[Symbol.dispose]();
        signal.removeEventListener("abort", interrupted);
        settle();
      };
      const interrupted = (): void => finish(() => reject(signal.reason as Error));
      const late = (): void =>
        finish(() => reject(new AppError("demo-timeout", `waited ${timeout / 1000} s in vain until ${what}`)));
      const again = (): void => {
        try {
          const found = look();
          if (found !== undefined && found !== false) finish(() => resolve(found));
        } catch (error) {
          finish(() => reject(error as Error));
        }
      };
      const cancel = clock.after(timeout, late);
      let subscription: Disposable | undefined;
      signal.addEventListener("abort", interrupted, { once: true });
      if (signal.aborted) interrupted();
      else {
        subscription = this.world.onChange(again);
        again();
      }
    });
  }

  deployment(name: string = RESTAURANT): Deployment | undefined {
    return this.world.deployments.get(`${NAMESPACE}/${name}`);
  }

  /** The restaurant service's newest release. */
  release(): Release | undefined {
    return releasesOfDeployment(this.world.releases.list(), RESTAURANT).at(-1);
  }

  /** Pods of the restaurant service, with `hash` those of one template. */
  restaurantPods(hash?: string): readonly Pod[] {
    return this.world.pods
      .list()
      .filter(({ metadata: { labels } }) => labels?.["app"] === RESTAURANT)
      .filter(({ metadata: { labels } }) => hash === undefined || labels?.["pod-template-hash"] === hash);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load?.stop();
    await this.#world?.[Symbol.asyncDispose]();
    this.#transport?.[Symbol.dispose]();
  }
}
