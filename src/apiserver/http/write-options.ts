import { FieldErrors } from "../../api/validation/field-errors.ts";
import { FieldPath } from "../../api/validation/field-path.ts";
import { validateFieldManager } from "../../api/validation/object-meta.ts";
import type { FieldValidation } from "../registry/patching.ts";
import { checkOptions } from "../registry/failures.ts";

/** What the query of a write may say. https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run */
export interface WriteQuery {
  readonly dryRun: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
}

const VALIDATIONS: ReadonlySet<string> = new Set(["Ignore", "Warn", "Strict"]);
const MANAGER = FieldPath.of("fieldManager");

/** Reads and checks the query of a write; `kind` names the options in what is wrong with them. */
export function parseWriteQuery(
  query: URLSearchParams,
  kind: "CreateOptions" | "UpdateOptions" | "PatchOptions",
  apply = false,
): WriteQuery {
  const dryRun = query.getAll("dryRun");
  const fieldManager = query.get("fieldManager") ?? "";
  const fieldValidation = query.get("fieldValidation") || "Warn";
  const errors = new FieldErrors();
  if (kind === "PatchOptions") checkApply(query, fieldManager, apply, errors);
  validateFieldManager(fieldManager, MANAGER, errors);
  checkDryRun(dryRun, errors);
  if (!VALIDATIONS.has(fieldValidation))
    errors.notSupported(FieldPath.of("fieldValidation"), fieldValidation, ["", "Ignore", "Strict", "Warn"]);
  checkOptions(kind, errors);
  return {
    dryRun: dryRun.length > 0,
    ...(fieldManager !== "" && { fieldManager }),
    fieldValidation: fieldValidation as FieldValidation,
    force: query.get("force") === "true" || query.get("force") === "1",
  };
}

/** https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
function checkApply(query: URLSearchParams, fieldManager: string, apply: boolean, errors: FieldErrors): void {
  if (apply && fieldManager === "") errors.required(MANAGER, "is required for apply patch");
  if (!apply && query.has("force")) errors.forbidden(FieldPath.of("force"), "may not be specified for non-apply patch");
}

export function checkDryRun(dryRun: readonly string[], errors: FieldErrors): void {
  if (!dryRun.every((value) => value === "All")) errors.notSupported(FieldPath.of("dryRun"), dryRun, ["All"]);
}
