import { AppError } from "./app-error.ts";

/**
 * Field selectors: `status.phase!=Running,spec.nodeName=a`. Which fields there are is the matter of src/api/selector.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/
 */
export interface FieldTerm {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

/** All terms must hold; without any, everything matches. */
export type FieldSelector = readonly FieldTerm[];

const OPERATORS = ["!=", "==", "="] as const;

const wrong = (message: string): AppError => new AppError("InvalidSelector", message);

/** Reads a field selector. Throws AppError `InvalidSelector` with Kubernetes' text. */
export function parseFieldSelector(text: string): FieldSelector {
  const terms: FieldTerm[] = [];
  for (const part of splitTerms(text).sort()) {
    if (part === "") continue;
    const split = splitTerm(part);
    if (!split) throw wrong(`invalid selector: '${text}'; can't understand '${part}'`);
    terms.push({ ...split, value: unescapeValue(split.value) });
  }
  // Kubernetes drops a term that says nothing at all, such as "=".
  return terms.filter(({ field, value }) => field !== "" || value !== "");
}

/** At commas that no backslash escapes. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === ",") {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function splitTerm(term: string): FieldTerm | undefined {
  for (let i = 0; i < term.length; i++) {
    const operator = OPERATORS.find((candidate) => term.startsWith(candidate, i));
    if (operator) return { field: term.slice(0, i), equal: operator !== "!=", value: term.slice(i + operator.length) };
  }
  return undefined;
}

function unescapeValue(text: string): string {
  let value = "";
  for (let i = 0; i < text.length; i++) {
    let char = text.charAt(i);
    if (char === "," || char === "=")
      throw wrong(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`);
    if (char === "\\") {
      i++;
      const point = text.codePointAt(i);
      char = point === undefined ? "" : String.fromCodePoint(point);
      if (char !== "\\" && char !== "," && char !== "=")
        throw wrong(`invalid field selector: invalid escape sequence: \\${char}`);
    }
    value += char;
  }
  return value;
}

/** `\`, `,` and `=` with a backslash before them, for use as a value in a selector. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, "\\$&");
}

/** Whether every term holds; `read` gives the value of a field, "" when the object has none. */
export function matchesFields(selector: FieldSelector, read: (field: string) => string): boolean {
  for (const { field, equal, value } of selector) if ((read(field) === value) !== equal) return false;
  return true;
}

/** The value that the selector demands of `field`, if it demands one. */
export function requiredFieldValue(selector: FieldSelector, field: string): string | undefined {
  return selector.find((term) => term.equal && term.field === field)?.value;
}

/** The text form: terms as parsed (sorted), values escaped. */
export function formatFieldSelector(selector: FieldSelector): string {
  return selector.map(({ field, equal, value }) => `${field}${equal ? "=" : "!="}${escapeFieldValue(value)}`).join(",");
}
