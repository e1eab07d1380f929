import { nodes } from "../../api/generated/resources.ts";
import { isNotFound } from "../../api/status-error.ts";
import { Controller, type Outcome, ownKey, source } from "../../client/controller.ts";
import { planNodeUpkeep } from "../../plan/scheduler/node-upkeep-plan.ts";
import { type ControllerDeps, DONE } from "../controller-deps.ts";

/** Taints Nodes after their conditions (src/plan/scheduler). */
export class NodeUpkeepController implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #controller: Controller;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#controller = new Controller({
      ...deps,
      name: "node-upkeep",
      sources: [source(deps.informers.of(nodes), ownKey)],
      reconcile: (key) => this.#reconcile(key),
    }).start();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#controller[Symbol.asyncDispose]();
  }

  async #reconcile(key: string): Promise<Outcome> {
    const { informers, client, clock } = this.#deps;
    const node = informers.of(nodes).get(key);
    const upkeep = node && planNodeUpkeep(node, clock.now());
    if (!upkeep) return DONE;
    const { labels, annotations, taints } = upkeep;
    const { resourceVersion } = node.metadata;
    const body = {
      metadata: { resourceVersion, ...(labels && { labels }), ...(annotations && { annotations }) },
      ...(taints && { spec: { taints } }),
    };
    try {
      const written = await client.patch(nodes, key, undefined, { type: "merge", body });
      await informers.of(nodes).reached(written.metadata.resourceVersion);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return DONE;
  }
}
