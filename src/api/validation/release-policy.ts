import { parseDuration } from "../../lib/duration.ts";
import { wholeValueExpression } from "../../lib/expression.ts";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, memberOf } from "../../lib/json.ts";
import type { ReleasePolicy } from "../generated/sluice-dev.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { headerNameProblems } from "./names.ts";

/** What the schema of release policies cannot say. */

const SPEC = FieldPath.of("spec");
const DURATION = 'must be a duration, like "2m"';

export function validateReleasePolicy({ spec }: ReleasePolicy, errors: FieldErrors): void {
  const { targetRef, testers = [], smoke = [], user } = spec;
  const target = SPEC.child("targetRef");
  errors.oneOf(target.child("apiVersion"), targetRef.apiVersion, ["apps/v1"]);
  errors.oneOf(target.child("kind"), targetRef.kind, ["Deployment"]);
  for (const [i, { header }] of testers.entries()) {
    const path = SPEC.child("testers").index(i).child("header");
    validateHeaderName(header.name, path.child("name"), errors);
    if ((header.value === undefined) === (header.regex === undefined))
      errors.invalid(path, header, "must have exactly one of `value` and `regex`");
    if (header.regex !== undefined && !wholeValueExpression(header.regex))
      errors.invalid(path.child("regex"), header.regex, "must be a regular expression");
  }
  for (const [i, { headers = {} }] of smoke.entries()) {
    const path = SPEC.child("smoke").index(i).child("headers");
    for (const name of Object.keys(headers)) validateHeaderName(name, path.key(name), errors);
  }
  if (user?.header !== undefined) validateHeaderName(user.header, SPEC.child("user").child("header"), errors);
  const steps: unknown = spec.steps;
  if (steps !== undefined) validateSteps(steps as JsonValue, SPEC.child("steps"), errors);
}

function validateHeaderName(name: string, path: FieldPath, errors: FieldErrors): void {
  errors.invalidAll(path, name, headerNameProblems(name));
}

function validateSteps(steps: JsonValue, path: FieldPath, errors: FieldErrors): void {
  if (steps === "auto") return;
  if (!isJsonArray(steps)) return errors.invalid(path, steps, 'must be "auto" or a list of steps');
  if (steps.length === 0) errors.required(path, 'must be "auto" or have at least one step');
  for (const [i, step] of steps.entries()) validateStep(step, path.index(i), errors);
}

function validateStep(step: JsonValue, path: FieldPath, errors: FieldErrors): void {
  if (!isJsonObject(step)) return errors.invalid(path, step, "must be an object");
  const isPause = memberOf(step, "pause") !== undefined;
  if (isPause && memberOf(step, "weight") !== undefined)
    return errors.forbidden(path, "may have only one of `weight` and `pause`");
  if (!isPause && memberOf(step, "weight") === undefined)
    return errors.required(path, "must have one of `weight` and `pause`");
  if (isPause) validatePause(step, path, errors);
  else validateWeight(step, path, errors);
}

function validateWeight(step: JsonObject, path: FieldPath, errors: FieldErrors): void {
  const { weight, requests = 0, for: time } = step;
  validateKnown(step, ["weight", "requests", "for"], path, errors);
  if (typeof weight !== "number" || weight < 0 || weight > 100)
    errors.invalid(path.child("weight"), weight, "must be a number between 0 and 100, inclusive");
  if (typeof requests !== "number" || !Number.isInteger(requests) || requests < 0)
    errors.invalid(path.child("requests"), requests, "must be an integer greater than or equal to 0");
  validateDuration(time, path.child("for"), errors);
}

function validatePause(step: JsonObject, path: FieldPath, errors: FieldErrors): void {
  validateKnown(step, ["pause"], path, errors);
  const pausePath = path.child("pause");
  const { pause = null } = step;
  if (!isJsonObject(pause)) return errors.invalid(pausePath, pause, "must be an object");
  validateKnown(pause, ["for"], pausePath, errors);
  validateDuration(pause["for"], pausePath.child("for"), errors);
}

/** The schema takes anything here, so that nothing is pruned: a misspelt field must not go unnoticed. */
function validateKnown(object: JsonObject, names: readonly string[], path: FieldPath, errors: FieldErrors): void {
  for (const name of Object.keys(object))
    if (!names.includes(name)) errors.forbidden(path.child(name), "unknown field");
}

function validateDuration(value: JsonValue | undefined, path: FieldPath, errors: FieldErrors): void {
  if (value === undefined || (typeof value === "string" && parseDuration(value) !== undefined)) return;
  errors.invalid(path, value, DURATION);
}
