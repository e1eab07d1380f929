import { type MutableJsonObject, objectOf } from "../../lib/json.ts";
import type { Rules } from "./rule.ts";

/** Jobs; the template of a CronJob stays as it was written until a Job is made of it. */
export const batchRules: Rules = { "batch/v1.Job": job };

const UNLIMITED = 2 ** 31 - 1;
const BACKOFF_LIMIT = 6;

function job(draft: MutableJsonObject): void {
  const spec: MutableJsonObject = { ...objectOf(draft["spec"]) };
  if (spec["parallelism"] === undefined) spec["completions"] ??= 1;
  spec["parallelism"] ??= 1;
  spec["backoffLimit"] ??= spec["backoffLimitPerIndex"] === undefined ? BACKOFF_LIMIT : UNLIMITED;
  spec["completionMode"] ??= "NonIndexed";
  spec["suspend"] ??= false;
  spec["podReplacementPolicy"] ??= spec["podFailurePolicy"] === undefined ? "TerminatingOrFailed" : "Failed";
  spec["manualSelector"] ??= false;
  draft["spec"] = spec;

  const metadata = objectOf(draft["metadata"]);
  const labels = objectOf(objectOf(spec["template"])["metadata"])["labels"];
  if (labels !== undefined && metadata["labels"] === undefined) draft["metadata"] = { ...metadata, labels };
}
