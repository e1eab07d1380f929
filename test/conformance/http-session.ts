import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { parse } from "yaml";
import { readFileSync } from "node:fs";
import { sleep } from "../../src/lib/clock.ts";
import { systemClock } from "../../src/main/system-clock.ts";
import { type HttpAnswer, type HttpCase, type HttpExchange, isPause, type Pause, pick } from "./http-case.ts";
import { caseNamespace, type Normaliser } from "./normaliser.ts";

/** Headers of an answer that matter to clients. */
const KEPT = ["content-type", "warning", "retry-after", "vary", "cache-control", "allow"];

/** How long after the beginning of a stream the exchanges begin that are made meanwhile, in milliseconds. */
const DURING_AFTER = 300;

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly "certificate-authority-data": string } },
  ];
  readonly users: readonly [
    { readonly user: { readonly "client-certificate-data": string; readonly "client-key-data": string } },
  ];
}

interface Connection {
  readonly url: URL;
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Replays raw exchanges against one server, over HTTP/1.1 with a connection each. */
export class HttpSession {
  readonly #connection: Connection;
  readonly #normaliser: Normaliser;

  constructor(kubeconfig: string, normaliser: Normaliser) {
    const { clusters, users } = parse(readFileSync(kubeconfig, "utf8")) as Kubeconfig;
    const pem = (data: string): Buffer => Buffer.from(data, "base64");
    this.#normaliser = normaliser;
    this.#connection = {
      url: new URL(clusters[0].cluster.server),
      ca: pem(clusters[0].cluster["certificate-authority-data"]),
      cert: pem(users[0].user["client-certificate-data"]),
      key: pem(users[0].user["client-key-data"]),
    };
  }

  /** The answer to each exchange, undefined for pauses. */
  async run(golden: HttpCase): Promise<readonly (HttpAnswer | undefined)[]> {
    const namespace = caseNamespace();
    const run = new CaseRun(this.#connection, this.#normaliser, namespace);
    await run.exchange({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: namespace } } });
    const account = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
    await run.exchange({ method: "GET", path: account, until: 200, retrySeconds: 15 });
    try {
      const answers: (HttpAnswer | undefined)[] = [];
      for (const step of golden.exchanges) answers.push(await run.step(step));
      return answers;
    } finally {
      for (const path of golden.cleanup) await run.exchange({ method: "DELETE", path });
      await run.exchange({ method: "DELETE", path: `/api/v1/namespaces/${namespace}` });
    }
  }
}

class CaseRun {
  readonly #connection: Connection;
  readonly #normaliser: Normaliser;
  readonly #namespace: string;
  readonly #variables: Record<string, string>;

  constructor(connection: Connection, normaliser: Normaliser, namespace: string) {
    this.#connection = connection;
    this.#normaliser = normaliser;
    this.#namespace = namespace;
    this.#variables = { NS: namespace };
  }

  async step(step: HttpExchange | Pause): Promise<HttpAnswer | undefined> {
    if (!isPause(step)) return this.exchange(step);
    await sleep(systemClock, step.sleep * 1000);
    return undefined;
  }

  async exchange(given: HttpExchange): Promise<HttpAnswer> {
    const { during, response: _, pick: picks, save, ...rest } = given;
    const exchange = this.#filled(rest) as HttpExchange;
    const end = systemClock.monotonic() + (exchange.retrySeconds ?? 0) * 1000;
    let response = await this.#send(exchange);
    while (exchange.until !== undefined && response.statusCode !== exchange.until && systemClock.monotonic() < end) {
      response.resume();
      await sleep(systemClock, 50);
      response = await this.#send(exchange);
    }
    const status = response.statusCode!;
    const headers = this.#headers(response);
    if (exchange.stream && status === 200) {
      const meanwhile = this.#meanwhile(during);
      const { lines, closed } = await readLines(response, exchange.stream);
      await meanwhile;
      const body = this.#normal(picks ? lines.map((line) => picked(line, picks, true)) : lines);
      return { status, headers, body, ...(exchange.stream.lines === undefined && { closed }) };
    }
    const bytes = await readAll(response);
    const { document, body } = this.#body(response.headers["content-type"] ?? "", bytes, exchange, picks);
    for (const [name, path] of Object.entries(save ?? {})) this.#variables[name] = String(pick(document, path));
    return { status, headers, body };
  }

  #body(
    contentType: string,
    bytes: Buffer,
    { sortLines }: HttpExchange,
    picks: readonly string[] | undefined,
  ): { document: unknown; body: unknown } {
    if (contentType.includes("json")) {
      const document = JSON.parse(bytes.toString()) as unknown;
      return { document, body: this.#normal(picks ? picked(document, picks, false) : document) };
    }
    if (contentType.includes("protobuf"))
      return { document: undefined, body: { startsWith: bytes.subarray(0, 4).toString("latin1") } };
    const text = this.#normaliser.text(bytes.toString(), this.#namespace);
    return { document: undefined, body: sortLines ? text.split("\n").sort().join("\n") : text };
  }

  async #meanwhile(during: HttpExchange["during"]): Promise<void> {
    if (!during) return;
    await sleep(systemClock, DURING_AFTER);
    for (const step of during) await this.step(step);
  }

  #send(exchange: HttpExchange): Promise<IncomingMessage> {
    const { url, ca, cert, key } = this.#connection;
    const body = bodyOf(exchange);
    const headers: Record<string, string> = { Accept: "application/json", ...exchange.headers };
    if (body && headers["Content-Type"] === undefined) headers["Content-Type"] = "application/json";
    // An empty text means: not sent.
    for (const name of ["Accept", "Content-Type"]) if (headers[name] === "") delete headers[name];
    if (body) headers["Content-Length"] = String(body.length);
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host: url.hostname,
          port: url.port,
          method: exchange.method,
          path: exchange.path,
          headers,
          ca,
          agent: false,
          ...(!exchange.anonymous && { cert, key }),
        },
        resolve,
      );
      call.on("error", reject);
      call.end(body);
    });
  }

  #headers({ headers }: IncomingMessage): Record<string, string> {
    const kept: Record<string, string> = {};
    for (const name of KEPT) {
      const value = headers[name];
      if (value === undefined) continue;
      kept[name] = this.#normaliser.text(Array.isArray(value) ? value.join(", ") : value, this.#namespace);
    }
    return kept;
  }

  /** The document with its keys sorted and its random values replaced; the text when it is no JSON any more. */
  #normal(document: unknown): unknown {
    const text = this.#normaliser.text(JSON.stringify(sortedKeys(document), null, 1), this.#namespace);
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  }

  /** With ${name} replaced by what was saved. */
  #filled(value: unknown): unknown {
    if (typeof value === "string")
      return value.replace(/\$\{(\w+)\}/g, (whole, name: string) => this.#variables[name] ?? whole);
    if (Array.isArray(value)) return value.map((item) => this.#filled(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [this.#filled(k), this.#filled(v)]));
  }
}

/** The picked paths by name; of a line of a stream with a single path, what that finds. */
function picked(document: unknown, paths: readonly string[], line: boolean): unknown {
  if (line && paths.length === 1) return pick(document, paths[0]!);
  return Object.fromEntries(paths.map((path) => [path, pick(document, path)]));
}

function bodyOf({ body, bodyBase64, bodySize }: HttpExchange): Buffer | undefined {
  if (bodyBase64 !== undefined) return Buffer.from(bodyBase64, "base64");
  if (bodySize !== undefined) {
    const head = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"big"},"data":{"a":"';
    return Buffer.from(`${head}${"x".repeat(bodySize)}"}}`);
  }
  if (body === undefined) return undefined;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sortedKeys((value as Record<string, unknown>)[key])]));
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Reads until there are enough lines, the server ends the stream, or the time is over. */
async function readLines(
  response: IncomingMessage,
  { lines: wanted = Number.POSITIVE_INFINITY, seconds }: NonNullable<HttpExchange["stream"]>,
): Promise<{ lines: unknown[]; closed: boolean }> {
  const lines: unknown[] = [];
  let late = false;
  const cancel = systemClock.after(seconds * 1000, () => {
    late = true;
    response.destroy();
  });
  try {
    let rest = "";
    for await (const chunk of response) {
      const parts = `${rest}${String(chunk)}`.split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) if (line !== "" && lines.length < wanted) lines.push(JSON.parse(line));
      if (lines.length >= wanted) break;
    }
  } catch (error) {
    if (!late) throw error;
  } finally {
    cancel();
  }
  return { lines, closed: !late };
}
