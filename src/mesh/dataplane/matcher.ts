import { wholeValueExpression } from "../../lib/expression.ts";
import type { Match, NamedMatch, PathMatch } from "../../plan/routing/snapshot.ts";
import type { RequestHead } from "../http1/request-head.ts";

/** What the matches of one request look at, worked out once. */
export interface Subject {
  readonly head: RequestHead;
  /** The target without its query; `/` for `*`, which every default match must take. */
  readonly path: string;
  readonly query: string;
}

export function subjectOf(head: RequestHead): Subject {
  const { target } = head;
  const mark = target.indexOf("?");
  if (mark >= 0) return { head, path: target.slice(0, mark), query: target.slice(mark + 1) };
  return { head, path: target === "*" ? "/" : target, query: "" };
}

export type Matcher = (subject: Subject) => boolean;

/** A match of the snapshot, ready to be asked. */
export function matcherOf(match: Match): Matcher {
  const tests: Matcher[] = [];
  if (match.method !== undefined) tests.push(({ head }) => head.method === match.method);
  if (match.path && !isEverything(match.path)) tests.push(pathTest(match.path));
  for (const header of match.headers) {
    const value = valueTest(header);
    tests.push(({ head }) => value(head.fields.get(header.name)));
  }
  if (match.query.length > 0) tests.push(queryTest(match.query));
  const [first, second] = tests;
  if (!first) return () => true;
  return second ? (subject) => tests.every((test) => test(subject)) : first;
}

const isEverything = ({ type, value }: PathMatch): boolean => type === "PathPrefix" && value === "/";

function pathTest({ type, value }: PathMatch): Matcher {
  switch (type) {
    case "Exact":
      return ({ path }) => path === value;
    case "PathPrefix": {
      // By whole segments: `/abc` takes `/abc` and `/abc/def`, not `/abcd`. A slash at the end makes no difference.
      const prefix = value.replace(/\/+$/, "");
      const below = `${prefix}/`;
      return ({ path }) => path === prefix || path.startsWith(below);
    }
    case "RegularExpression": {
      const expression = wholeValueExpression(value);
      return ({ path }) => expression?.test(path) === true;
    }
  }
}

function valueTest({ type, value }: NamedMatch): (found: string | undefined) => boolean {
  if (type === "Exact") return (found) => found === value;
  const expression = wholeValueExpression(value);
  return (found) => found !== undefined && expression?.test(found) === true;
}

/** The first parameter of a name counts (HTTPQueryParamMatch.name). */
function queryTest(matches: readonly NamedMatch[]): Matcher {
  const tests = matches.map((match) => [match.name, valueTest(match)] as const);
  return ({ query }) => {
    const parameters = new URLSearchParams(query);
    return tests.every(([name, test]) => test(parameters.get(name) ?? undefined));
  };
}
