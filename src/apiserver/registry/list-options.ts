import { StatusError } from "../../api/status-error.ts";
import { FieldErrors } from "../../api/validation/field-errors.ts";
import { FieldPath } from "../../api/validation/field-path.ts";
import { checkOptions } from "./failures.ts";

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
  const errors = new FieldErrors();
  if (options.watch) checkWatch(options, errors);
  else checkList(options, errors);
  checkOptions("ListOptions", errors);
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

const MATCH = FieldPath.of("resourceVersionMatch");

function checkWatch(query: ListQuery, errors: FieldErrors): void {
  const { resourceVersionMatch: match, sendInitialEvents, continue: token } = query;
  if (match !== undefined && sendInitialEvents === undefined)
    errors.forbidden(MATCH, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  if (match !== undefined && token !== undefined)
    errors.forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided");
  if (sendInitialEvents !== undefined && match !== "NotOlderThan")
    errors.forbidden(MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  errors.oneOf(MATCH, match, ["NotOlderThan"]);
}

function checkList(query: ListQuery, errors: FieldErrors): void {
  const { resourceVersion, resourceVersionMatch: match, sendInitialEvents, continue: token } = query;
  if (match !== undefined) {
    if (resourceVersion === undefined)
      errors.forbidden(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (token !== undefined) errors.forbidden(MATCH, "resourceVersionMatch is forbidden when continue is provided");
    errors.oneOf(MATCH, match, ["Exact", "NotOlderThan", ""]);
    if (match === "Exact" && resourceVersion === "0")
      errors.forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (sendInitialEvents !== undefined)
    errors.forbidden(FieldPath.of("sendInitialEvents"), "sendInitialEvents is forbidden for list");
}
