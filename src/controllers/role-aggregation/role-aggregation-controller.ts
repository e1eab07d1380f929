import { clusterroles } from "../../api/generated/resources.ts";
import { isNotFound } from "../../api/status-error.ts";
import { Controller, type Outcome, source } from "../../client/controller.ts";
import { planRoleAggregation } from "../../plan/role-aggregation/role-aggregation-plan.ts";
import { type ControllerDeps, DONE } from "../controller-deps.ts";

const MANAGER = "clusterrole-aggregation-controller";

/** Fills in the rules of ClusterRoles that are made of others (src/plan/role-aggregation). */
export class RoleAggregationController implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #controller: Controller;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    const roles = deps.informers.of(clusterroles);
    // Any role may be, or have been, a part of any other that is made of parts; there are few of those.
    const composed = (): string[] =>
      roles.list().flatMap(({ metadata, aggregationRule }) => (aggregationRule ? [metadata.name] : []));
    this.#controller = new Controller({
      ...deps,
      name: "role-aggregation",
      sources: [source(roles, composed)],
      reconcile: (key) => this.#reconcile(key),
    }).start();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#controller[Symbol.asyncDispose]();
  }

  async #reconcile(name: string): Promise<Outcome> {
    const { client, informers } = this.#deps;
    const roles = informers.of(clusterroles);
    const role = roles.get(name);
    const rules = role && planRoleAggregation(role, roles.list());
    if (!rules) return DONE;
    const body = { apiVersion: role.apiVersion, kind: role.kind, metadata: { name, uid: role.metadata.uid }, rules };
    try {
      const options = { fieldManager: MANAGER, force: true };
      const written = await client.patch(clusterroles, name, undefined, { type: "apply", body }, options);
      await roles.reached(written.metadata.resourceVersion);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return DONE;
  }
}
