import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { GOLDEN } from "./normaliser.ts";

/** A list of raw exchanges; test/testdata/golden/README.md says what the fields mean. */
export interface HttpCase {
  readonly id: string;
  readonly title: string;
  readonly needs: readonly string[];
  readonly exchanges: readonly (HttpExchange | Pause)[];
  readonly cleanup: readonly string[];
}

export interface Pause {
  /** Seconds. */
  readonly sleep: number;
}

export interface HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly bodyBase64?: string;
  /** A ConfigMap with a value of that many bytes. */
  readonly bodySize?: number;
  readonly anonymous?: boolean;
  readonly save?: Readonly<Record<string, string>>;
  readonly pick?: readonly string[];
  readonly stream?: { readonly lines?: number; readonly seconds: number };
  readonly during?: readonly (HttpExchange | Pause)[];
  readonly until?: number;
  readonly retrySeconds?: number;
  readonly sortLines?: boolean;
  readonly record?: boolean;
  readonly response?: HttpAnswer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Of a stream: whether the server ended it in time. */
  readonly closed?: boolean;
}

const CASES = join(GOLDEN, "http/cases");

export function httpCases(): readonly HttpCase[] {
  return readdirSync(CASES)
    .sort()
    .map((file) => {
      const given = JSON.parse(readFileSync(join(CASES, file), "utf8")) as Partial<HttpCase>;
      return { title: "", needs: [], exchanges: [], cleanup: [], ...given, id: basename(file, ".json") };
    });
}

export function isPause(step: HttpExchange | Pause): step is Pause {
  return "sleep" in step;
}

/**
 * What a path finds in a document. Its segments: a key, an index, `*` (each), `field.sub=value` (the first element that
 * has it), `keys()`, `length()`. Null when there is nothing.
 */
export function pick(document: unknown, path: string): unknown {
  let found: unknown[] = [document];
  let many = false;
  for (const segment of path.split("/").filter((part) => part !== "")) {
    if (segment === "*") many = true;
    found = found.flatMap((value) => step(value, segment));
  }
  return many ? found : (found[0] ?? null);
}

function step(value: unknown, segment: string): unknown[] {
  if (segment === "*") return typeof value === "object" && value !== null ? Object.values(value) : [];
  if (segment === "keys()") return [Object.keys(value as object).sort()];
  if (segment === "length()") return [(value as unknown[]).length];
  const [, path, wanted] = /^([\w.]+)=(.*)$/.exec(segment) ?? [];
  if (Array.isArray(value) && path !== undefined) {
    const keys = path.split(".").join("/");
    const match = value.find((element) => (pick(element, keys) ?? "") === wanted);
    return match === undefined ? [] : [match];
  }
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return [];
  return [(value as Record<string, unknown>)[segment]];
}
