import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { StatusError } from "../../api/status-error.ts";
import type { Clock } from "../../lib/clock.ts";
import { isReadByPeople, readableJson } from "./readable.ts";
import { Warnings } from "./warnings.ts";

export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;

/** A body that is ready to be sent. */
export interface Body {
  readonly contentType: string;
  readonly bytes: Buffer;
  /** Is sent as it is, whoever reads it. */
  readonly verbatim?: true;
}

/** A body that is written piece by piece. */
export interface ByteStream {
  /** False: what was written waits; "drain" tells when it has gone. */
  write(bytes: Uint8Array): boolean;
  end(): void;
  /** Gives the connection up. */
  destroy(): void;
  readonly destroyed: boolean;
  on(event: "drain" | "close", listener: () => void): void;
}

/** Bigger bodies are refused, in bytes. */
export const BODY_LIMIT: number = 3 * 1024 * 1024;
/** Time that a client has for sending a body, in milliseconds. */
const BODY_TIMEOUT = 60_000;
/** Smaller answers are not worth compressing, in bytes. */
const GZIP_FROM = 128 * 1024;

const compress = promisify(gzip);

const NO_CACHE = "no-cache, private";

/** One request and its answer, over HTTP/1.1 or HTTP/2. */
export class Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly warnings: Warnings = new Warnings();
  readonly #request: Request;
  readonly #response: Response;
  readonly #clock: Clock;

  constructor(request: Request, response: Response, clock: Clock) {
    this.#request = request;
    this.#response = response;
    this.#clock = clock;
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    this.method = request.method ?? "GET";
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  }

  get headers(): Request["headers"] {
    return this.#request.headers;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** An answer has been begun or the client has gone. */
  get answered(): boolean {
    return this.#response.headersSent || this.#response.destroyed;
  }

  /** The whole body. Throws RequestEntityTooLarge, or Timeout when the client does not finish sending it. */
  body(): Promise<Buffer> {
    const request = this.#request;
    if (Number(request.headers["content-length"] ?? 0) > BODY_LIMIT) return Promise.reject(tooLarge());
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const cancel = this.#clock.after(BODY_TIMEOUT, () => reject(tooSlow()));
      const settle = (end: () => void): void => {
        cancel();
        end();
      };
      request.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length <= BODY_LIMIT) chunks.push(chunk);
        else settle(() => reject(tooLarge()));
      });
      request.on("end", () =>
        settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))),
      );
      request.on("error", (error: Error) => settle(() => reject(error)));
      request.on("aborted", () => settle(() => reject(new StatusError("BadRequest", "the client went away"))));
    });
  }

  /** Gives the answer up where it is, so that the client knows that it is not whole. */
  abort(): void {
    this.#response.destroy();
  }

  async send(status: number, body: Body, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const written = this.#laidOut(body);
    const gzipped = written.length > GZIP_FROM && /\bgzip\b/.test(this.header("accept-encoding") ?? "");
    const bytes = gzipped ? await compress(written, { level: 1 }) : written;
    if (this.answered) return;
    const all = {
      "cache-control": NO_CACHE,
      ...headers,
      "content-type": body.contentType,
      ...(gzipped && { "content-encoding": "gzip", vary: "Accept-Encoding" }),
    };
    this.#begin(status, { ...all, "content-length": String(bytes.length) });
    if (this.method === "HEAD") this.#response.end();
    else this.#response.end(bytes);
  }

  #laidOut({ contentType, bytes, verbatim }: Body): Buffer {
    if (verbatim || contentType !== "application/json" || !isReadByPeople(this.query, this.header("user-agent")))
      return bytes;
    return readableJson(JSON.parse(bytes.toString()));
  }

  sendNothing(status: number, headers: Readonly<Record<string, string>>): Promise<void> {
    this.#begin(status, headers);
    this.#response.end();
    return Promise.resolve();
  }

  sendText(status: number, text: string): Promise<void> {
    return this.send(status, { contentType: "text/plain; charset=utf-8", bytes: Buffer.from(text) });
  }

  /** Sends the headers of a body that is written piece by piece, and hands out the stream to write it to. */
  stream(contentType: string): ByteStream {
    const response = this.#response;
    this.#begin(200, { "cache-control": NO_CACHE, "content-type": contentType });
    // Both kinds of answer can; only one says so in its type.
    if ("flushHeaders" in response) response.flushHeaders();
    return response as ByteStream;
  }

  onClose(listener: () => void): void {
    this.#response.on("close", listener);
  }

  /** Passes on what another stream gives, as it comes, and no faster than the client reads. */
  async pipe(contentType: string, source: AsyncIterable<Buffer>): Promise<void> {
    const bytes = this.stream(contentType);
    let wake: () => void = () => undefined;
    let gone = false;
    bytes.on("drain", () => wake());
    bytes.on("close", () => {
      gone = true;
      wake();
    });
    for await (const chunk of source) {
      if (gone) return;
      if (bytes.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    bytes.end();
  }

  #begin(status: number, headers: Readonly<Record<string, string>>): void {
    const response = this.#response;
    for (const name in headers) response.setHeader(name, headers[name] ?? "");
    const warnings = this.warnings.headers();
    if (warnings.length > 0) response.setHeader("warning", warnings);
    response.statusCode = status;
  }
}

function tooSlow(): StatusError {
  return new StatusError("Timeout", "Timeout: request did not complete within the allotted timeout", {});
}

function tooLarge(): StatusError {
  return new StatusError("RequestEntityTooLarge", `Request entity too large: limit is ${BODY_LIMIT}`);
}
