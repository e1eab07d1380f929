import type { KubeObject, ObjectMeta } from "../../src/api/object.ts";
import { builtinTypes } from "../../src/api/table/builtin.ts";
import type { ResourceInfo, TypeTable } from "../../src/api/table/type-table.ts";
import type { Admitter } from "../../src/apiserver/admission/admitter.ts";
import { namespaceLifecycle } from "../../src/apiserver/admission/namespace-lifecycle.ts";
import type { KindHooks } from "../../src/apiserver/registry/kind-hooks.ts";
import { Registry, type Target } from "../../src/apiserver/registry/registry.ts";
import type { RequestContext } from "../../src/apiserver/registry/request-context.ts";
import { silentLogger } from "../../src/observe/logger.ts";
import { memoryStore } from "../../src/store/memory-history.ts";
import type { Store } from "../../src/store/store.ts";
import { FakeClock } from "./fake-clock.ts";
import { seededRandom } from "./seeded-random.ts";

/** A registry over a store in memory, with a clock that stands still and the namespace `a`. */
export interface RegistryFixture {
  readonly registry: Registry;
  readonly store: Store;
  readonly clock: FakeClock;
  readonly types: TypeTable;
  readonly warnings: string[];
  readonly context: RequestContext;
  info(group: string, plural: string, version?: string): ResourceInfo;
  at(group: string, plural: string): Target;
  create(group: string, plural: string, object: object): Promise<KubeObject>;
}

export async function registryFixture(
  options: { readonly admitters?: readonly Admitter[]; readonly hooks?: ReadonlyMap<string, KindHooks> } = {},
): Promise<RegistryFixture> {
  const clock = new FakeClock();
  const types = builtinTypes();
  const store = memoryStore({ clock, log: silentLogger });
  const random = seededRandom();
  const admitters = [namespaceLifecycle, ...(options.admitters ?? [])];
  const registry = new Registry({ store, types, clock, random, admitters, hooks: options.hooks ?? new Map() });
  const warnings: string[] = [];
  const context: RequestContext = {
    user: { username: "tester", groups: [] },
    manager: "test",
    warn: (text) => void warnings.push(text),
  };
  const info = (group: string, plural: string, version = "v1"): ResourceInfo => {
    const found = types.find(group, version, plural);
    if (!found) throw new Error(`no ${group}/${version} ${plural}`);
    return found;
  };
  const at = (group: string, plural: string): Target => {
    const found = info(group, plural);
    return { info: found, ...(found.namespaced && { namespace: "a" }) };
  };
  const create = (group: string, plural: string, object: object): Promise<KubeObject> => {
    const target = at(group, plural);
    const { group: g, version, kind } = target.info;
    const typed = { apiVersion: g === "" ? version : `${g}/${version}`, kind, ...object };
    return registry.create(target, typed as KubeObject & { metadata: ObjectMeta }, { dryRun: false }, context);
  };
  await create("", "namespaces", { metadata: { name: "a" }, spec: {} });
  return { registry, store, clock, types, warnings, context, info, at, create };
}
