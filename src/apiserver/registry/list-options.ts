import { StatusError } from "../../api/status-error.ts";
import { type FieldProblem, invalidOptions } from "./failures.ts";

/** Parameters of a list or a watch. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions */
export interface ListQuery {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Decimal, "0" for any. */
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly watch: boolean;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
}

/** Reads and checks the parameters; `watch` when the path asks for a watch already. */
export function parseListQuery(query: URLSearchParams, watchPath: boolean): ListQuery {
  const text = (name: string): string | undefined => query.get(name) || undefined;
  const options: ListQuery = {
    ...optional("labelSelector", text("labelSelector")),
    ...optional("fieldSelector", text("fieldSelector")),
    ...optional("resourceVersion", text("resourceVersion")),
    ...optional("resourceVersionMatch", text("resourceVersionMatch")),
    ...optional("continue", text("continue")),
    ...optional("limit", integer(text("limit"))),
    ...optional("timeoutSeconds", integer(text("timeoutSeconds"))),
    ...optional("sendInitialEvents", query.has("sendInitialEvents") ? flag(query.get("sendInitialEvents")) : undefined),
    watch: watchPath || (query.has("watch") && flag(query.get("watch"))),
    allowWatchBookmarks: query.has("allowWatchBookmarks") && flag(query.get("allowWatchBookmarks")),
  };
  const problems = options.watch ? watchProblems(options) : listProblems(options);
  if (problems.length > 0) throw invalidOptions("ListOptions", problems);
  return options;
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: V });
}

/** Go's conversion of a query value to a bool: everything but these is true, the empty value too. */
function flag(value: string | null): boolean {
  return value !== "false" && value !== "0" && value !== "False" && value !== "FALSE";
}

function integer(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[-+]?\d+$/.test(text))
    throw new StatusError("BadRequest", `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

const forbidden = (field: string, why: string): FieldProblem => ({
  field,
  reason: "FieldValueForbidden",
  message: `Forbidden: ${why}`,
});

const unsupported = (field: string, value: string, supported: readonly string[]): FieldProblem => ({
  field,
  reason: "FieldValueNotSupported",
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((v) => JSON.stringify(v)).join(", ")}`,
});

const MATCH = "resourceVersionMatch";

function watchProblems({ resourceVersionMatch: match, sendInitialEvents, continue: token }: ListQuery): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (match !== undefined && sendInitialEvents === undefined)
    problems.push(forbidden(MATCH, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
  if (match !== undefined && token !== undefined)
    problems.push(forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided"));
  if (sendInitialEvents !== undefined && match !== "NotOlderThan")
    problems.push(forbidden(MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  if (match !== undefined && match !== "NotOlderThan") problems.push(unsupported(MATCH, match, ["NotOlderThan"]));
  return problems;
}

function listProblems(options: ListQuery): FieldProblem[] {
  const { resourceVersion, resourceVersionMatch: match, sendInitialEvents, continue: token } = options;
  const problems: FieldProblem[] = [];
  if (match !== undefined) {
    if (resourceVersion === undefined)
      problems.push(forbidden(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    if (token !== undefined)
      problems.push(forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided"));
    if (match !== "Exact" && match !== "NotOlderThan")
      problems.push(unsupported(MATCH, match, ["Exact", "NotOlderThan", ""]));
    if (match === "Exact" && resourceVersion === "0")
      problems.push(forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  if (sendInitialEvents !== undefined)
    problems.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  return problems;
}
