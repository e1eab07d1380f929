import { CLUSTER_KINDS } from "./cluster-kinds.ts";
import { CORE_KINDS } from "./core-kinds.ts";
import type { KindRules } from "./kind-rule.ts";
import { RELEASE_KINDS } from "./release-kinds.ts";
import { WORKLOAD_KINDS } from "./workload-kinds.ts";

/** The rules of the kinds by `group/Kind`. */
export const KIND_RULES: ReadonlyMap<string, KindRules> = new Map([
  ...CORE_KINDS,
  ...WORKLOAD_KINDS,
  ...CLUSTER_KINDS,
  ...RELEASE_KINDS,
]);
