import { AppError } from "./app-error.ts";
import { labelKeyProblems, labelValueProblems } from "./label-syntax.ts";

/**
 * Label selectors: the text form (`app=shop,tier in (a,b),!canary`), the object form of workloads, matching, printing.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */

/** `gt` and `lt` compare integers and are written `>` and `<`. */
export type LabelOperator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | "gt" | "lt";

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Sorted when parsed from text; none for `exists` and `!`. */
  readonly values: readonly string[];
}

/** All requirements must hold; without any, everything matches, unless `nothing`. */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  /** The selector of an absent LabelSelector object, which matches no object at all. */
  readonly nothing?: true;
}

/** `metav1.LabelSelector`, the `selector` of a Deployment. */
export interface LabelSelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export type Labels = Readonly<Record<string, string>>;

export const EVERYTHING: LabelSelector = { requirements: [] };
export const NOTHING: LabelSelector = { requirements: [], nothing: true };

interface Token {
  readonly type: "symbol" | "word" | "end";
  readonly text: string;
}

const SYMBOL = "=!(),><";
const SPACE = " \t\r\n";
const SYMBOLS: ReadonlySet<string> = new Set([")", ",", "!", "==", "=", ">", "<", "!=", "("]);
const WORD_OPERATORS: ReadonlySet<string> = new Set(["in", "notin"]);
const BINARY_OPERATORS: Readonly<Record<string, LabelOperator>> = {
  in: "in",
  notin: "notin",
  "=": "=",
  "==": "==",
  "!=": "!=",
  ">": "gt",
  "<": "lt",
};
const EXPECTED_OPERATORS = "in, notin, =, ==, !=, gt, lt";
const END: Token = { type: "end", text: "" };

const wrong = (message: string): AppError => new AppError("InvalidSelector", message);
const isSymbol = (token: Token, text: string): boolean => token.type === "symbol" && token.text === text;

/** Reads the text form. Throws AppError `InvalidSelector` with Kubernetes' text. */
export function parseLabelSelector(text: string): LabelSelector {
  if (text === "") return EVERYTHING;
  return { requirements: byKey(new Parser(tokenize(text)).parse()) };
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    // Kubernetes takes a NUL for the end of the text.
    if (char === "\0") break;
    if (SPACE.includes(char)) {
      at++;
      continue;
    }
    const read = SYMBOL.includes(char) ? readSymbol(text, at) : readWord(text, at);
    tokens.push(read);
    at += read.text.length;
  }
  return tokens;
}

/** The longest of the one- and two-character symbols. */
function readSymbol(text: string, at: number): Token {
  const two = text.slice(at, at + 2);
  return { type: "symbol", text: SYMBOLS.has(two) ? two : text.charAt(at) };
}

function readWord(text: string, at: number): Token {
  let end = at;
  while (
    end < text.length &&
    text[end] !== "\0" &&
    !SYMBOL.includes(text.charAt(end)) &&
    !SPACE.includes(text.charAt(end))
  )
    end++;
  return { type: "word", text: text.slice(at, end) };
}

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    if (this.#peek().type === "end") return requirements;
    if (!this.#startsRequirement())
      throw wrong(`found '${this.#peek().text}', expected: !, identifier, or 'end of string'`);
    while (true) {
      requirements.push(this.#requirement());
      const next = this.#take();
      if (next.type === "end") return requirements;
      if (!isSymbol(next, ",")) throw wrong(`found '${next.text}', expected: ',' or 'end of string'`);
      if (!this.#startsRequirement()) throw wrong(`found '${this.#peek().text}', expected: identifier after ','`);
    }
  }

  #requirement(): LabelRequirement {
    try {
      const negated = isSymbol(this.#peek(), "!");
      if (negated) this.#take();
      const key = this.#take();
      if (key.type !== "word") throw wrong(`found '${key.text}', expected: identifier`);
      const problems = labelKeyProblems(key.text);
      if (problems.length > 0) throw wrong(`<nil>: ${invalid(key.text, problems.join("; "))}`);
      if (negated) return newRequirement(key.text, "!", []);
      if (this.#peek().type === "end" || isSymbol(this.#peek(), ",")) return newRequirement(key.text, "exists", []);
      const operator = this.#operator();
      const values = operator === "in" || operator === "notin" ? this.#set() : [this.#value()];
      return newRequirement(key.text, operator, values);
    } catch (error) {
      throw error instanceof AppError ? wrong(`unable to parse requirement: ${error.message}`) : error;
    }
  }

  #operator(): LabelOperator {
    const token = this.#take();
    const isOperator = token.type === "symbol" || WORD_OPERATORS.has(token.text);
    const operator = isOperator ? BINARY_OPERATORS[token.text] : undefined;
    if (!operator) throw wrong(`found '${token.text}', expected: ${EXPECTED_OPERATORS}`);
    return operator;
  }

  /** `(x,y)`; an empty place is the empty value: `()` and `(,)` are one of them. */
  #set(): string[] {
    const open = this.#take();
    if (!isSymbol(open, "(")) throw wrong(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (isSymbol(first, ")")) {
      this.#take();
      return [""];
    }
    if (first.type !== "word" && !isSymbol(first, ","))
      throw wrong(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = this.#values();
    this.#take();
    return [...values].sort();
  }

  #values(): Set<string> {
    const values = new Set<string>();
    while (true) {
      const token = this.#take();
      const next = this.#peek();
      if (token.type === "word") {
        values.add(token.text);
        if (isSymbol(next, ")")) return values;
        if (!isSymbol(next, ",")) throw wrong(`found '${next.text}', expected: ',' or ')'`);
      } else if (isSymbol(token, ",")) {
        if (values.size === 0 || isSymbol(next, ",") || isSymbol(next, ")")) values.add("");
        if (isSymbol(next, ")")) return values;
      } else throw wrong(`found '${token.text}', expected: ',', or identifier`);
    }
  }

  #value(): string {
    if (this.#peek().type === "end" || isSymbol(this.#peek(), ",")) return "";
    const token = this.#take();
    if (token.type !== "word") throw wrong(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  #startsRequirement(): boolean {
    const next = this.#peek();
    return next.type === "word" || isSymbol(next, "!");
  }

  #peek(): Token {
    return this.#tokens[this.#position] ?? END;
  }

  #take(): Token {
    return this.#tokens[this.#position++] ?? END;
  }
}

const invalid = (value: unknown, problem: string): string => `Invalid value: ${JSON.stringify(value)}: ${problem}`;

function newRequirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const problems = labelKeyProblems(key);
  const errors = [
    ...(problems.length > 0 ? [`key: ${invalid(key, problems.join("; "))}`] : []),
    ...operatorProblems(operator, values),
    ...values.flatMap((value, i) => {
      const wrongs = labelValueProblems(value);
      return wrongs.length > 0 ? [`values[${i}][${key}]: ${invalid(value, wrongs.join("; "))}`] : [];
    }),
  ];
  if (errors.length > 0) throw wrong(errors.length === 1 ? errors.join("") : `[${errors.join(", ")}]`);
  return { key, operator, values };
}

function operatorProblems(operator: LabelOperator, values: readonly string[]): string[] {
  switch (operator) {
    case "in":
    case "notin":
      return values.length === 0
        ? [`values: ${invalid(null, "for 'in', 'notin' operators, values set can't be empty")}`]
        : [];
    case "exists":
    case "!":
      return values.length > 0
        ? [`values: ${invalid(values, "values set must be empty for exists and does not exist")}`]
        : [];
    case "gt":
    case "lt":
      return values.flatMap((value, i) =>
        asInt64(value) === undefined
          ? [`values[${i}]: ${invalid(value, "for 'Gt', 'Lt' operators, the value must be an integer")}`]
          : [],
      );
    default:
      return [];
  }
}

/** The selector that a LabelSelector object stands for: absent is nothing, empty is everything. */
export function labelSelectorOf(object: LabelSelectorObject | undefined): LabelSelector {
  if (!object) return NOTHING;
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(object.matchLabels ?? {}))
    requirements.push(newRequirement(key, "=", [value]));
  for (const { key, operator, values = [] } of object.matchExpressions ?? [])
    requirements.push(newRequirement(key, expressionOperator(operator), values));
  return requirements.length === 0 ? EVERYTHING : { requirements: byKey(requirements) };
}

function expressionOperator(operator: string): LabelOperator {
  switch (operator) {
    case "In":
      return "in";
    case "NotIn":
      return "notin";
    case "Exists":
      return "exists";
    case "DoesNotExist":
      return "!";
    default:
      throw wrong(`${JSON.stringify(operator)} is not a valid label selector operator`);
  }
}

/** The selector of a plain map (`spec.selector` of a Service): each pair must be there; an empty map is everything. */
export function labelSelectorOfMap(map: Labels | undefined): LabelSelector {
  const requirements = Object.entries(map ?? {}).map(
    ([key, value]): LabelRequirement => ({ key, operator: "=", values: [value] }),
  );
  return requirements.length === 0 ? EVERYTHING : { requirements: byKey(requirements) };
}

function byKey(requirements: LabelRequirement[]): LabelRequirement[] {
  return requirements.sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1));
}

/** Whether the labels satisfy every requirement. */
export function matchesLabels(selector: LabelSelector, labels: Labels = {}): boolean {
  if (selector.nothing) return false;
  for (const requirement of selector.requirements) if (!satisfies(requirement, labels)) return false;
  return true;
}

function satisfies({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "=":
    case "==":
    case "in":
      return value !== undefined && values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "gt":
    case "lt":
      return compares(operator, value, values[0]);
  }
}

function compares(operator: "gt" | "lt", value: string | undefined, limit: string | undefined): boolean {
  const left = value === undefined ? undefined : asInt64(value);
  const right = limit === undefined ? undefined : asInt64(limit);
  if (left === undefined || right === undefined) return false;
  return operator === "gt" ? left > right : left < right;
}

function asInt64(text: string): bigint | undefined {
  if (!/^[-+]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** The text form, as Kubernetes prints it: sorted by key, values sorted. Empty for everything and for nothing. */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector.requirements.map(formatRequirement).join(",");
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  const joined = values.length > 1 ? [...values].sort().join(",") : (values[0] ?? "");
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${joined})`;
    case "gt":
      return `${key}>${joined}`;
    case "lt":
      return `${key}<${joined}`;
    default:
      return `${key}${operator}${joined}`;
  }
}
