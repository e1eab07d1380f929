import { autoscalerRules } from "./autoscaler.ts";
import { batchRules } from "./batch.ts";
import { clusterRules } from "./cluster.ts";
import { podRules } from "./pod.ts";
import type { Rule } from "./rule.ts";
import { serviceRules } from "./service.ts";
import { workloadRules } from "./workload.ts";

/** Rules by Go type. */
export const RULES: ReadonlyMap<string, Rule> = new Map(
  [podRules, serviceRules, workloadRules, batchRules, autoscalerRules, clusterRules].flatMap((rules) =>
    Object.entries(rules),
  ),
);
