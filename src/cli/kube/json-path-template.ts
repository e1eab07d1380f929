import { AppError } from "../../lib/app-error.ts";
import { encodeGoJson } from "../../lib/go-format.ts";
import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { type JsonPath, parseJsonPath } from "../../lib/json-path.ts";

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "path"; readonly path: JsonPath }
  | { readonly kind: "range"; readonly path: JsonPath; readonly body: readonly Part[] };

/**
 * The template of `-o jsonpath`: text as it stands, and in braces paths, quoted texts and `{range PATH}…{end}`.
 * https://kubernetes.io/docs/reference/kubectl/jsonpath/ Throws AppError `usage` with kubectl's text.
 */
export function jsonPathTemplate(template: string): (object: JsonObject) => string {
  const wrong = (why: string): AppError => new AppError("usage", `error parsing jsonpath ${template}, ${why}`);
  if (template === "") throw new AppError("usage", "template format specified but no template given");
  const tokens = tokensOf(template, wrong);
  const { parts, rest } = parse(tokens, wrong);
  if (rest.length > 0) throw wrong("not in range, nothing to end");
  return (object) => render(parts, object);
}

type Token = { readonly kind: "text"; readonly text: string } | { readonly kind: "action"; readonly action: string };
type Wrong = (why: string) => AppError;

function tokensOf(template: string, wrong: Wrong): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < template.length) {
    const open = template.indexOf("{", at);
    if (open < 0) break;
    if (open > at) tokens.push({ kind: "text", text: template.slice(at, open) });
    const end = closingBrace(template, open);
    if (end < 0) throw wrong("unclosed action");
    tokens.push({ kind: "action", action: template.slice(open + 1, end).trim() });
    at = end + 1;
  }
  if (at < template.length) tokens.push({ kind: "text", text: template.slice(at) });
  return tokens;
}

/** The brace that ends the action begun at `open`; those in quotes do not. */
function closingBrace(template: string, open: number): number {
  for (const { 0: token, index } of template.slice(open).matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\}/gs))
    if (token === "}") return open + index;
  return -1;
}

function parse(tokens: readonly Token[], wrong: Wrong): { parts: readonly Part[]; rest: readonly Token[] } {
  const parts: Part[] = [];
  let rest = tokens;
  while (rest.length > 0) {
    const [token, ...after] = rest as readonly [Token, ...Token[]];
    if (token.kind === "action" && token.action === "end") return { parts, rest };
    rest = after;
    if (token.kind === "text") parts.push(token);
    else if (/^range\s/.test(token.action)) {
      const body = parse(after, wrong);
      if (body.rest.length === 0) throw wrong("unterminated range");
      parts.push({ kind: "range", path: pathOf(token.action.slice(6), wrong), body: body.parts });
      rest = body.rest.slice(1);
    } else parts.push(...actionParts(token.action, wrong));
  }
  return { parts, rest };
}

function actionParts(action: string, wrong: Wrong): readonly Part[] {
  const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')$/s.exec(action);
  if (quoted) return [{ kind: "text", text: unquote(quoted[1] ?? quoted[2] ?? "") }];
  return [{ kind: "path", path: pathOf(action, wrong) }];
}

function pathOf(text: string, wrong: Wrong): JsonPath {
  const path = text.trim().replace(/^[$@]/, "");
  if (path !== "" && !/^[.[]/.test(path)) throw wrong(`unrecognized identifier ${path}`);
  try {
    return parseJsonPath(path);
  } catch (error) {
    if (error instanceof AppError) throw wrong(`unrecognized path ${path}`);
    throw error;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

const unquote = (text: string): string => text.replace(/\\(.)/gs, (_, char: string) => ESCAPES[char] ?? char);

function render(parts: readonly Part[], root: JsonValue): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case "text":
          return part.text;
        case "path":
          return part.path.find(root).map(valueText).join(" ");
        case "range":
          return part.path
            .find(root)
            .map((item) => render(part.body, item))
            .join("");
      }
    })
    .join("");
}

const valueText = (value: JsonValue): string =>
  value === null ? "" : typeof value === "object" ? encodeGoJson(value) : String(value);
