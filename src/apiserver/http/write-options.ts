import type { FieldValidation } from "../registry/patching.ts";
import { type FieldProblem, invalidOptions } from "../registry/failures.ts";

/** What the query of a write may say. https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run */
export interface WriteQuery {
  readonly dryRun: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
}

const VALIDATIONS: ReadonlySet<string> = new Set(["Ignore", "Warn", "Strict"]);
/** Bytes. */
const MANAGER_LENGTH = 128;

/** Reads and checks the query of a write; `kind` names the options in what is wrong with them. */
export function parseWriteQuery(
  query: URLSearchParams,
  kind: "CreateOptions" | "UpdateOptions" | "PatchOptions",
  apply = false,
): WriteQuery {
  const dryRun = query.getAll("dryRun");
  const fieldManager = query.get("fieldManager") ?? "";
  const fieldValidation = query.get("fieldValidation") || "Warn";
  const problems = [
    ...(kind === "PatchOptions" ? applyProblems(query, fieldManager, apply) : []),
    ...managerProblems(fieldManager),
    ...dryRunProblems(dryRun),
    ...validationProblems(fieldValidation),
  ];
  if (problems.length > 0) throw invalidOptions(kind, problems);
  return {
    dryRun: dryRun.length > 0,
    ...(fieldManager !== "" && { fieldManager }),
    fieldValidation: fieldValidation as FieldValidation,
    force: query.get("force") === "true" || query.get("force") === "1",
  };
}

/** https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
function applyProblems(query: URLSearchParams, fieldManager: string, apply: boolean): FieldProblem[] {
  if (apply && fieldManager === "")
    return [
      { field: "fieldManager", reason: "FieldValueRequired", message: "Required value: is required for apply patch" },
    ];
  if (!apply && query.has("force"))
    return [
      { field: "force", reason: "FieldValueForbidden", message: "Forbidden: may not be specified for non-apply patch" },
    ];
  return [];
}

function managerProblems(fieldManager: string): FieldProblem[] {
  const field = "fieldManager";
  const problems: FieldProblem[] = [];
  if (Buffer.byteLength(fieldManager) > MANAGER_LENGTH)
    problems.push({
      field,
      reason: "FieldValueTooLong",
      message: `Too long: may not be more than ${MANAGER_LENGTH} bytes`,
    });
  if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(fieldManager))
    problems.push({
      field,
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(fieldManager)}: should only contain printable characters`,
    });
  return problems;
}

export function dryRunProblems(dryRun: readonly string[]): FieldProblem[] {
  if (dryRun.every((value) => value === "All")) return [];
  const message = `Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`;
  return [{ field: "dryRun", reason: "FieldValueNotSupported", message }];
}

function validationProblems(value: string): FieldProblem[] {
  if (VALIDATIONS.has(value)) return [];
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: "", "Ignore", "Strict", "Warn"`;
  return [{ field: "fieldValidation", reason: "FieldValueNotSupported", message }];
}
