import type { KubeObject } from "../../src/api/object.ts";
import type { ApiClient, WatchEvent, WatchOptions } from "../../src/client/api-client.ts";

/** One watch that somebody has asked for: the test says what comes. */
export interface ScriptedWatch {
  readonly options: WatchOptions;
  readonly signal: AbortSignal;
  send(...events: readonly WatchEvent<KubeObject>[]): Promise<void>;
  end(): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** A client whose watches are told by the test; everything else is refused. */
export class ScriptedClient {
  readonly watches: ScriptedWatch[] = [];

  get client(): ApiClient {
    const refuse = (): Promise<never> => Promise.reject(new Error("not scripted"));
    return {
      get: refuse,
      list: refuse,
      create: refuse,
      update: refuse,
      patch: refuse,
      delete: refuse,
      createSubresource: refuse,
      watch: (_resource, options, signal) => this.#watch(options, signal) as AsyncIterable<never>,
    };
  }

  get last(): ScriptedWatch {
    return this.watches.at(-1)!;
  }

  async *#watch(options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchEvent<KubeObject>> {
    const queue: (WatchEvent<KubeObject> | "end" | Error)[] = [];
    let wake = (): void => undefined;
    const push = (item: WatchEvent<KubeObject> | "end" | Error): void => {
      queue.push(item);
      wake();
    };
    signal.addEventListener("abort", () => push("end"), { once: true });
    const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    this.watches.push({
      options,
      signal,
      send: (...events) => (events.forEach(push), settled()),
      end: () => (push("end"), settled()),
      fail: (error) => (push(error), settled()),
    });
    for (;;) {
      while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const item = queue.shift()!;
      if (item === "end") return;
      if (item instanceof Error) throw item;
      yield item;
    }
  }
}
