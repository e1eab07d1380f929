import { StatusError, type StatusCause } from "../api/status-error.ts";
import { AppError } from "../lib/app-error.ts";
import { quoteGo } from "../lib/go-format.ts";

/** Several failures of one command, each of which is told. */
export class Failures extends Error {
  readonly errors: readonly Error[];

  constructor(errors: readonly Error[]) {
    super(errors.map(({ message }) => message).join("; "));
    this.errors = errors;
  }
}

/** Throws what went wrong: nothing, the one error, or all of them. */
export function throwAll(errors: readonly Error[]): void {
  const [first] = errors;
  if (errors.length > 1) throw new Failures(errors);
  if (first) throw first;
}

/** What kubectl prints of an error, with the final newline. https://github.com/kubernetes/kubectl/blob/master/pkg/cmd/util/helpers.go */
export function errorText(error: unknown): string {
  if (error instanceof Failures)
    return [...new Set(error.errors.map((each) => serverText(each) ?? plainText(each)))].join("");
  return serverText(error) ?? `error: ${plainText(error)}`;
}

/** The text of what the server, or its absence, is the cause of. */
function serverText(error: unknown): string | undefined {
  if (error instanceof StatusError) return statusText(error);
  const refused = refusedServer(error);
  return refused === undefined
    ? undefined
    : `The connection to the server ${refused} was refused - did you specify the right host or port?\n`;
}

/** One error among several goes without the word "error". */
function plainText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.endsWith("\n") ? text : `${text}\n`;
}

function statusText(error: StatusError): string {
  if (error.reason === "Invalid") return invalidText(error);
  if (error.reason === "Unauthorized") return `error: You must be logged in to the server (${error.message})\n`;
  return `Error from server${error.reason === "" ? "" : ` (${error.reason})`}: ${error.message}\n`;
}

function invalidText({ status: { details, message = "" } }: StatusError): string {
  let text = "The request is invalid";
  if (!details) return message === "" ? `${text}\n` : `${text}: ${message}\n`;
  const { kind = "", name = "", causes = [] } = details;
  if (kind !== "" || name !== "") text = `The ${kind} ${quoteGo(name)} is invalid`;
  else if (message !== "" && causes.length === 0) return `${text}: ${message}\n`;
  const lines = [...new Set(causes.map(causeText))];
  if (lines.length === 0) return `${text}\n`;
  return lines.length === 1 ? `${text}: ${lines[0]}\n` : `${text}: \n${lines.map((line) => `* ${line}\n`).join("")}`;
}

const causeText = ({ field = "", message = "" }: StatusCause): string => `${field}: ${message}`;

/** `127.0.0.1:6443` when nobody listens there. */
function refusedServer(error: unknown): string | undefined {
  if (!(error instanceof AppError) || error.code !== "unreachable") return undefined;
  const cause = error.cause as
    | { readonly code?: string; readonly address?: string; readonly port?: number }
    | undefined;
  return cause?.code === "ECONNREFUSED" ? `${cause.address}:${cause.port}` : undefined;
}

/** The error of a step on a file's object, the file named: `error when creating "d.yaml": …`. */
export function withSource(verb: string, source: string, error: unknown): Error {
  return restated(error, (message) => `error when ${verb} ${quoteGo(source)}: ${message}`);
}

/** The same error in other words; what a Status says besides its message stays. */
export function restated(error: unknown, words: (message: string) => string): Error {
  if (error instanceof StatusError) return StatusError.from({ ...error.status, message: words(error.message) });
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof AppError)
    return new AppError(error.code, refusedServer(error) ? message : words(message), { cause: error.cause });
  return error instanceof Error ? new Error(words(message), { cause: error }) : new Error(words(message));
}
