import { quoteGo } from "../../lib/go-format.ts";
import { StatusError } from "../status-error.ts";
import type { FieldPath } from "./field-path.ts";

/** What is wrong with a field, as the causes of a Status name it, and as messages do. */
const TYPES = {
  FieldValueNotFound: "Not found",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueInvalid: "Invalid value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueForbidden: "Forbidden",
  FieldValueTooLong: "Too long",
  FieldValueTooMany: "Too many",
  FieldValueTypeInvalid: "Invalid value",
  InternalError: "Internal error",
} as const;

export type FieldErrorType = keyof typeof TYPES;

export interface FieldError {
  readonly type: FieldErrorType;
  /** `spec.containers[0].name` */
  readonly field: string;
  /** `Invalid value: "X": must be …`, without the field. */
  readonly body: string;
}

/** Collects what is wrong with an object, in the words of Kubernetes' field errors. */
export class FieldErrors {
  readonly list: FieldError[] = [];

  required(path: FieldPath, detail = ""): void {
    this.#add("FieldValueRequired", path, detail);
  }

  forbidden(path: FieldPath, detail: string): void {
    this.#add("FieldValueForbidden", path, detail);
  }

  internal(path: FieldPath, detail: string): void {
    this.#add("InternalError", path, detail);
  }

  invalid(path: FieldPath, value: unknown, detail: string): void {
    this.#add("FieldValueInvalid", path, detail, formatValue(value));
  }

  /** An error about a part of which the value is not shown. */
  invalidPart(path: FieldPath, detail: string): void {
    this.#add("FieldValueInvalid", path, detail);
  }

  /** One error for each problem of the value. */
  invalidAll(path: FieldPath, value: unknown, problems: readonly string[]): void {
    for (const problem of problems) this.invalid(path, value, problem);
  }

  typeInvalid(path: FieldPath, value: unknown, detail: string): void {
    this.#add("FieldValueTypeInvalid", path, detail, formatValue(value));
  }

  notSupported(path: FieldPath, value: unknown, supported: readonly string[]): void {
    const detail = supported.length > 0 ? `supported values: ${supported.map(quoteGo).join(", ")}` : "";
    this.#add("FieldValueNotSupported", path, detail, formatValue(value));
  }

  /** The value, when there is one, must be one of the supported; Kubernetes shows them in the given order. */
  oneOf(path: FieldPath, value: string | undefined, supported: readonly string[]): void {
    if (value !== undefined && !supported.includes(value)) this.notSupported(path, value, supported);
  }

  /** There must be a value, one of the supported. */
  requiredOneOf(path: FieldPath, value: string | undefined, supported: readonly string[]): void {
    if (value === undefined || value === "") this.required(path);
    else this.oneOf(path, value, supported);
  }

  duplicate(path: FieldPath, value: unknown, detail = ""): void {
    this.#add("FieldValueDuplicate", path, detail, formatValue(value));
  }

  notFound(path: FieldPath, value: unknown, detail = ""): void {
    this.#add("FieldValueNotFound", path, detail, formatValue(value));
  }

  /** @param max in the given unit */
  tooLong(path: FieldPath, max: number, unit: "byte" | "character" = "byte"): void {
    this.#add("FieldValueTooLong", path, `may not be more than ${max} ${unit}${max === 1 ? "" : "s"}`);
  }

  tooMany(path: FieldPath, actual: number, max: number): void {
    this.#add("FieldValueTooMany", path, `must have at most ${max} item${max === 1 ? "" : "s"}`, String(actual));
  }

  /** The field must be as it was. */
  immutable(path: FieldPath, value: unknown): void {
    this.invalid(path, value, "field is immutable");
  }

  addAll(others: FieldErrors): void {
    this.list.push(...others.list);
  }

  get none(): boolean {
    return this.list.length === 0;
  }

  #add(type: FieldErrorType, path: FieldPath, detail: string, value?: string): void {
    const body = [TYPES[type], ...(value === undefined ? [] : [value]), ...(detail === "" ? [] : [detail])].join(": ");
    this.list.push({ type, field: path.toString(), body });
  }
}

function formatValue(value: unknown): string {
  if (typeof value === "string") return quoteGo(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return goJson(value);
}

/** JSON as Go's encoding/json writes it: `<`, `>` and `&` escaped. */
export function goJson(value: unknown): string {
  return escapedForHtml(JSON.stringify(value ?? null));
}

/** The same on many lines, indented by one space. */
export function goIndentedJson(value: unknown): string {
  return escapedForHtml(JSON.stringify(value ?? null, null, 1));
}

function escapedForHtml(json: string): string {
  return json.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");
}

/** The refusal of an object with the given errors: 422, the errors as causes, the same sentence not twice in the message. */
export function invalidError(
  info: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const { group, kind } = info;
  const sentences = [...new Set(errors.map((error) => `${error.field}: ${error.body}`))];
  const all = sentences.length === 1 ? sentences[0] : `[${sentences.join(", ")}]`;
  const causes = errors.map(({ type, field, body }) => ({ reason: type, message: body, field }));
  const qualified = group === "" ? kind : `${kind}.${group}`;
  return new StatusError("Invalid", `${qualified} ${quoteGo(name)} is invalid: ${all}`, {
    ...(name !== "" && { name }),
    ...(group !== "" && { group }),
    ...(kind !== "" && { kind }),
    causes,
  });
}
