import type { Exchange } from "./exchange.ts";

type Answering = Pick<Exchange, "query" | "sendText">;

/** A check by name; undefined when all is well, else what is wrong. */
export type HealthCheck = () => string | undefined;

/**
 * /healthz, /livez and /readyz, each with its checks one by one.
 * https://kubernetes.io/docs/reference/using-api/health-checks/
 */
export class Health {
  readonly #endpoints: ReadonlyMap<string, ReadonlyMap<string, HealthCheck>>;

  constructor(endpoints: Readonly<Record<"healthz" | "livez" | "readyz", Readonly<Record<string, HealthCheck>>>>) {
    this.#endpoints = new Map(
      Object.entries(endpoints).map(([name, checks]) => [
        name,
        new Map<string, HealthCheck>([["ping", () => undefined], ...Object.entries(checks)]),
      ]),
    );
  }

  has(endpoint: string): boolean {
    return this.#endpoints.has(endpoint);
  }

  serve(exchange: Answering, endpoint: string, [name, ...more]: readonly string[]): Promise<void> {
    const checks = this.#endpoints.get(endpoint);
    if (!checks || more.length > 0) return exchange.sendText(404, "404 page not found\n");
    if (name === undefined) return serveAll(exchange, endpoint, checks);
    const check = checks.get(name);
    if (!check) return exchange.sendText(404, "404 page not found\n");
    const problem = check();
    return problem === undefined
      ? exchange.sendText(200, "ok")
      : exchange.sendText(500, `internal server error: ${problem}\n`);
  }
}

function serveAll(exchange: Answering, endpoint: string, checks: ReadonlyMap<string, HealthCheck>): Promise<void> {
  const excluded = new Set(exchange.query.getAll("exclude"));
  let failed = false;
  const lines: string[] = [];
  for (const [name, check] of checks) {
    const problem = excluded.has(name) ? undefined : check();
    failed ||= problem !== undefined;
    if (excluded.has(name)) lines.push(`[+]${name} excluded: ok\n`);
    else lines.push(problem === undefined ? `[+]${name} ok\n` : `[-]${name} failed: reason withheld\n`);
  }
  if (failed) return exchange.sendText(500, `${lines.join("")}${endpoint} check failed\n`);
  return exchange.sendText(200, exchange.query.has("verbose") ? `${lines.join("")}${endpoint} check passed\n` : "ok");
}
