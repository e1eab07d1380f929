import { StatusError } from "../../api/status-error.ts";
import { FieldErrors } from "../../api/validation/field-errors.ts";
import { FieldPath } from "../../api/validation/field-path.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import { checkFields } from "../registry/failures.ts";

/** What a reader of a container's log asks for. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export interface LogOptions {
  readonly container?: string;
  readonly follow: boolean;
  /** To be passed on to the kubelet. */
  readonly query: URLSearchParams;
}

const FLAGS = ["follow", "previous", "timestamps"] as const;
/** Smallest value of each number. */
const NUMBERS = { sinceSeconds: 1, tailLines: 0, limitBytes: 1 } as const;
/** The order in which Kubernetes complains. */
const CHECKED = ["tailLines", "limitBytes", "sinceSeconds"] as const;

/** Reads and checks the query. Throws BadRequest or Invalid with Kubernetes' text. */
export function parseLogOptions(query: URLSearchParams, pod: string): LogOptions {
  const passed = new URLSearchParams();
  for (const name of FLAGS) if (query.has(name) && isTrue(query.get(name))) passed.set(name, "true");
  const errors = new FieldErrors();
  for (const name of CHECKED) {
    const text = query.get(name);
    if (text === null || text === "") continue;
    const value = integer(text);
    const least = NUMBERS[name];
    const bound = least === 0 ? "greater than or equal to 0" : "greater than 0";
    if (value < least) errors.invalid(FieldPath.of(name), value, `must be ${bound}`);
    passed.set(name, text);
  }
  const sinceTime = query.get("sinceTime");
  if (sinceTime) {
    if (parseTimestamp(sinceTime) === undefined) throw badTime(sinceTime);
    if (passed.has("sinceSeconds"))
      errors.forbidden(FieldPath.of(""), "at most one of `sinceTime` or `sinceSeconds` may be specified");
    passed.set("sinceTime", sinceTime);
  }
  checkFields({ group: "", kind: "PodLogOptions" }, pod, errors);
  const container = query.get("container");
  return { ...(container && { container }), follow: passed.has("follow"), query: passed };
}

function isTrue(value: string | null): boolean {
  return value !== "false" && value !== "0";
}

function integer(text: string): number {
  if (/^[-+]?\d+$/.test(text)) return Number(text);
  throw new StatusError("BadRequest", `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function badTime(text: string): StatusError {
  const quoted = JSON.stringify(text);
  const why = `parsing time ${quoted} as "2006-01-02T15:04:05Z07:00": cannot parse ${quoted} as "2006"`;
  return new StatusError("BadRequest", why);
}
