import type { CronJob, CronJobSpec } from "../generated/batch-v1.ts";
import { isTimeZone, scheduleProblem } from "./cron-schedule.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateJobSpec } from "./job.ts";
import { goSelector } from "./labels.ts";
import { validateCounts } from "./workload.ts";

/** https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ */

const SPEC = FieldPath.of("spec");
/** Names of jobs have eleven characters more. */
const MAX_NAME = 52;
const CONCURRENCY_POLICIES = ["Allow", "Forbid", "Replace"];

export function validateCronJob({ metadata: { name }, spec }: CronJob, errors: FieldErrors): void {
  validateSpec(spec, undefined, errors);
  if (name.length > MAX_NAME)
    errors.invalid(FieldPath.of("metadata").child("name"), name, `must be no more than ${MAX_NAME} characters`);
}

export function validateCronJobUpdate({ spec }: CronJob, old: CronJob, errors: FieldErrors): void {
  validateSpec(spec, old.spec, errors);
}

function validateSpec(spec: CronJobSpec, old: CronJobSpec | undefined, errors: FieldErrors): void {
  validateSchedule(spec, old, SPEC.child("schedule"), errors);
  validateCounts(spec, ["startingDeadlineSeconds"], SPEC, errors);
  if (!old || old.timeZone !== spec.timeZone) validateTimeZone(spec.timeZone, SPEC.child("timeZone"), errors);
  errors.requiredOneOf(SPEC.child("concurrencyPolicy"), spec.concurrencyPolicy, CONCURRENCY_POLICIES);
  const template = SPEC.child("jobTemplate").child("spec");
  const job = spec.jobTemplate.spec ?? { template: {} };
  validateJobSpec(job, template, errors);
  if (job.selector)
    errors.invalid(template.child("selector"), goSelector(job.selector), "`selector` will be auto-generated");
  if (job.manualSelector) errors.notSupported(template.child("manualSelector"), true, ["nil", "false"]);
  validateCounts(spec, ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"], SPEC, errors);
}

function validateSchedule(
  { schedule, timeZone }: CronJobSpec,
  old: CronJobSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (schedule === "") return errors.required(path);
  const problem = scheduleProblem(schedule);
  if (problem !== undefined) errors.invalid(path, schedule, problem);
  if (!schedule.includes("TZ")) return;
  if (!old?.schedule.includes("TZ"))
    errors.invalid(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
  else if (timeZone !== undefined)
    errors.invalid(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
}

const zonePartPattern = /^[A-Za-z.\-_0-9+]{1,14}$/;

function validateTimeZone(zone: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (zone === undefined) return;
  if (zone === "") return errors.invalid(path, zone, "timeZone must be nil or non-empty string");
  const isPart = (part: string): boolean =>
    part !== "." && part !== ".." && !part.startsWith("-") && zonePartPattern.test(part);
  if (!zone.split("/").every(isPart)) return errors.invalid(path, zone, `unknown time zone ${zone}`);
  if (zone.toLowerCase() === "local") {
    const why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    errors.invalid(path, zone, why);
  }
  if (!isTimeZone(zone)) errors.invalid(path, zone, `unknown time zone ${zone}`);
}
