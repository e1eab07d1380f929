import { AppError } from "./app-error.ts";
import { isJsonArray, isJsonObject, type JsonValue, memberOf } from "./json.ts";

/**
 * JSONPath as the columns of custom kinds use it: members, indices, `[*]`, slices, `..`, filters that compare.
 * https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
export interface JsonPath {
  /** All values that the path leads to in a JSON document; none when something on the way is missing. */
  readonly find: (root: JsonValue | object) => readonly JsonValue[];
}

type Step =
  | { readonly kind: "member"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "slice"; readonly from: number; readonly to: number | undefined; readonly step: number }
  | { readonly kind: "all" }
  | { readonly kind: "descend" }
  | { readonly kind: "filter"; readonly matches: (item: JsonValue) => boolean };

/** Reads a path such as `.status.conditions[?(@.type=="Ready")].status`. Throws AppError `InvalidJsonPath`. */
export function parseJsonPath(text: string): JsonPath {
  const steps = new PathReader(text).steps();
  return {
    find: (root) =>
      steps.reduce<readonly JsonValue[]>((values, step) => values.flatMap((v) => take(step, v)), [root as JsonValue]),
  };
}

function take(step: Step, value: JsonValue): readonly JsonValue[] {
  switch (step.kind) {
    case "member": {
      const member = isJsonObject(value) ? memberOf(value, step.name) : undefined;
      return member === undefined ? [] : [member];
    }
    case "index":
      return isJsonArray(value) ? value.slice(step.index, step.index === -1 ? undefined : step.index + 1) : [];
    case "slice":
      return isJsonArray(value) ? value.slice(step.from, step.to).filter((_, i) => i % step.step === 0) : [];
    case "all":
      return childrenOf(value);
    case "descend":
      return withDescendants(value);
    case "filter":
      return childrenOf(value).filter(step.matches);
  }
}

function childrenOf(value: JsonValue): readonly JsonValue[] {
  if (isJsonArray(value)) return value;
  return isJsonObject(value) ? Object.values(value).filter((member) => member !== undefined) : [];
}

function withDescendants(value: JsonValue): JsonValue[] {
  return [value, ...childrenOf(value).flatMap(withDescendants)];
}

const COMPARISON = /^(@[^=!<>]*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?))?\s*$/;

class PathReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  steps(): Step[] {
    const steps: Step[] = [];
    while (this.#at < this.#text.length) {
      const char = this.#text.charAt(this.#at);
      if (this.#text.startsWith("..", this.#at)) {
        steps.push({ kind: "descend" });
        this.#at += this.#text[this.#at + 2] === "[" ? 2 : 1;
      } else if (char === ".") {
        this.#at++;
        steps.push(...this.#member());
      } else if (char === "[") steps.push(this.#bracket());
      else throw this.#wrong();
    }
    return steps;
  }

  /** A name after a dot; a backslash takes a dot for part of the name. A dot alone is the value itself. */
  #member(): Step[] {
    let name = "";
    while (this.#at < this.#text.length && !".[".includes(this.#text.charAt(this.#at))) {
      if (this.#text[this.#at] === "\\") this.#at++;
      name += this.#text.charAt(this.#at++);
    }
    if (name === "*") return [{ kind: "all" }];
    return name === "" ? [] : [{ kind: "member", name }];
  }

  #bracket(): Step {
    const inner = this.#upToClosing();
    if (inner === "*") return { kind: "all" };
    if (/^-?\d+$/.test(inner)) return { kind: "index", index: Number(inner) };
    const quoted = /^'((?:[^'\\]|\\.)*)'$|^"((?:[^"\\]|\\.)*)"$/.exec(inner);
    if (quoted) return { kind: "member", name: (quoted[1] ?? quoted[2] ?? "").replace(/\\(.)/g, "$1") };
    const filter = /^\?\((.*)\)$/s.exec(inner);
    if (filter) return { kind: "filter", matches: this.#filter(filter[1] ?? "") };
    const slice = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(inner);
    if (!slice) throw this.#wrong();
    const [, from = "", to = "", step = "1"] = slice;
    return {
      kind: "slice",
      from: Number(from),
      to: to === "" ? undefined : Number(to),
      step: Math.max(1, Number(step)),
    };
  }

  #upToClosing(): string {
    let quote = "";
    let depth = 0;
    for (let i = this.#at; i < this.#text.length; i++) {
      const char = this.#text.charAt(i);
      if (quote !== "") {
        if (char === "\\") i++;
        else if (char === quote) quote = "";
      } else if (char === "'" || char === '"') quote = char;
      else if (char === "[") depth++;
      else if (char === "]" && --depth === 0) {
        const inner = this.#text.slice(this.#at + 1, i).trim();
        this.#at = i + 1;
        return inner;
      }
    }
    throw this.#wrong();
  }

  /** `@.type=="Ready"`, or `@.type` for items that have one. */
  #filter(condition: string): (item: JsonValue) => boolean {
    const match = COMPARISON.exec(condition.trim());
    if (!match) throw this.#wrong();
    const [, left = "", operator, right = ""] = match;
    const path = parseJsonPath(left.slice(1));
    if (operator === undefined) return (item) => path.find(item).length > 0;
    const wanted = this.#literal(right);
    return (item) => {
      const [found] = path.find(item);
      return found !== undefined && compares(found, operator, wanted);
    };
  }

  #literal(text: string): JsonValue {
    const quoted = /^'(.*)'$/s.exec(text);
    if (quoted) return quoted[1] ?? "";
    try {
      return JSON.parse(text) as JsonValue;
    } catch {
      throw this.#wrong();
    }
  }

  #wrong(): AppError {
    return new AppError("InvalidJsonPath", `unrecognized column definition ${JSON.stringify(this.#text)}`);
  }
}

function compares(left: JsonValue, operator: string, right: JsonValue): boolean {
  if (operator === "==") return left === right;
  if (operator === "!=") return left !== right;
  if (typeof left !== typeof right || (typeof left !== "number" && typeof left !== "string")) return false;
  const [a, b] = [left, right as typeof left];
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    default:
      return a >= b;
  }
}
