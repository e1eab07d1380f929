import { connect, type Socket } from "node:net";
import { ChunkedDecoder, type ContentSink } from "../http1/chunked-decoder.ts";
import { FAULT, INCOMPLETE } from "../http1/faults.ts";
import { CHUNKED, type ResponseHead, UNTIL_CLOSE } from "../http1/response-head.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Failure } from "./failure.ts";
import { keepAliveTimeout } from "./forward-response.ts";
import type { Limits } from "./limits.ts";
import { Outbox } from "./outbox.ts";

/** Who waits for the answer to the request that a connection carries. Bytes are only valid during the call. */
export interface Asker extends ContentSink {
  readonly method: string;
  /** The connection is there; until now nothing has been written. */
  connected(): void;
  interim(head: ResponseHead): void;
  /** 101: all further bytes come as content. */
  switched(head: ResponseHead): void;
  /** The final head; `length` as in ResponseHead, 0 for answers that have no content. */
  answered(head: ResponseHead, length: number): void;
  /** The answer is complete, the connection no longer the asker's. */
  ended(trailers: string): void;
  /** The answer will not be completed. The connection is closed. */
  failed(failure: Failure): void;
  /** The server has ended its side of a switched connection. */
  serverEnded(): void;
  /** After `full`: the server has read what was written. */
  drained(): void;
  /** Everything of this turn has been handed on. */
  turnEnded(): void;
}

/** What connections share: one reading at a time needs one buffer and one head. */
export interface UpstreamContext {
  readonly limits: Limits;
  readonly responseHead: ResponseHead;
  readonly readBuffer: Buffer;
  monotonic(): number;
}

const STATE = { head: 0, length: 1, chunked: 2, untilClose: 3, switched: 4, unused: 5, closed: 6 } as const;

/** One connection to a backend: carries a request, reads the answer, waits in its endpoint's pool for the next. */
export class UpstreamConnection {
  readonly endpoint: Endpoint;
  readonly out: Outbox;
  connecting = true;
  /** It has carried a request before this one: the server may have closed it just when this one was sent. */
  reused = false;
  idleSince = 0;
  idleLimit: number;
  readonly #context: UpstreamContext;
  readonly #socket: Socket;
  #asker: Asker | undefined;
  #state: number = STATE.head;
  #remaining = 0;
  #decoder: ChunkedDecoder | undefined;
  /** The beginning of a head that has not come whole. */
  #partial: Buffer | undefined;
  #persistent = false;
  #complete = false;
  /** The request has been written whole, so the connection can be used again when the answer ends. */
  #sent = false;

  constructor(endpoint: Endpoint, context: UpstreamContext) {
    this.endpoint = endpoint;
    this.idleLimit = context.limits.upstreamIdle;
    this.#context = context;
    this.#socket = connect({
      host: endpoint.address,
      port: endpoint.port,
      noDelay: true,
      allowHalfOpen: true,
      onread: { buffer: context.readBuffer, callback: (size, bytes) => this.#read(bytes as Buffer, size) },
    });
    this.out = new Outbox(this.#socket);
    this.#socket
      .on("connect", () => this.#connected())
      .on("drain", () => this.#asker?.drained())
      .on("end", () => this.#end())
      .on("error", () => undefined)
      .on("close", () => this.#close());
  }

  /** Takes the connection for one request. */
  begin(asker: Asker): void {
    this.#asker = asker;
    this.#state = STATE.head;
    this.#sent = false;
  }

  /** The asker has written its request to the last byte. */
  requestSent(): void {
    this.#sent = true;
  }

  /** Stops reading until `resume`: the client is slow. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends our side: the client has ended its side of a switched connection. */
  endWriting(): void {
    this.out.flush();
    this.#socket.end();
  }

  /** Gives the connection up; the asker hears nothing more. */
  destroy(): void {
    this.#asker = undefined;
    this.#state = STATE.closed;
    this.#socket.destroy();
  }

  #connected(): void {
    this.connecting = false;
    this.endpoint.reached();
    this.#asker?.connected();
  }

  #read(bytes: Buffer, size: number): boolean {
    const asker = this.#asker;
    if (asker === undefined) this.#close();
    else if (this.#partial) {
      const whole = Buffer.concat([this.#partial, bytes.subarray(0, size)]);
      this.#partial = undefined;
      this.#readAnswer(asker, whole, whole.length);
    } else this.#readAnswer(asker, bytes, size);
    return true;
  }

  #readAnswer(asker: Asker, bytes: Buffer, end: number): void {
    let at = 0;
    // The asker can give the connection up in any of these calls.
    while (at < end && this.#asker === asker) {
      const next = this.#step(asker, bytes, at, end);
      if (next === INCOMPLETE) break;
      if (next < 0) {
        this.#fail("malformed");
        return;
      }
      at = next;
      if (this.#complete && this.#asker === asker) {
        this.#finish(asker, at === end);
        return;
      }
    }
    asker.turnEnded();
  }

  /** Reads one part of the answer; returns the position after it, INCOMPLETE, or a FAULT. */
  #step(asker: Asker, bytes: Buffer, at: number, end: number): number {
    switch (this.#state) {
      case STATE.head:
        return this.#readHead(asker, bytes, at, end);
      case STATE.length: {
        const until = Math.min(end, at + this.#remaining);
        this.#remaining -= until - at;
        this.#complete = this.#remaining === 0;
        asker.content(bytes, at, until);
        return until;
      }
      case STATE.chunked: {
        const decoder = this.#decoder as ChunkedDecoder;
        const next = decoder.read(bytes, at, end, asker);
        this.#complete = decoder.done;
        return next;
      }
      default:
        asker.content(bytes, at, end);
        return end;
    }
  }

  #readHead(asker: Asker, bytes: Buffer, at: number, end: number): number {
    const head = this.#context.responseHead;
    const next = head.read(bytes, at, end);
    if (next === INCOMPLETE) {
      if (end - at > this.#context.limits.headBytes) return FAULT.headTooLarge;
      this.#partial = Buffer.from(bytes.subarray(at, end));
      return next;
    }
    if (next < 0) return next;
    if (head.status === 101) {
      this.#state = STATE.switched;
      this.#persistent = false;
      asker.switched(head);
    } else if (head.status < 200) asker.interim(head);
    else this.#beginContent(asker, head);
    return next;
  }

  #beginContent(asker: Asker, head: ResponseHead): void {
    const empty = asker.method === "HEAD" || head.status === 204 || head.status === 304;
    const length = empty ? 0 : head.contentLength;
    this.#persistent = head.persistent && length !== UNTIL_CLOSE;
    this.#setIdleLimit(head);
    this.#complete = length === 0;
    if (length === CHUNKED) {
      this.#state = STATE.chunked;
      this.#decoder = new ChunkedDecoder();
    } else {
      this.#state = length === UNTIL_CLOSE ? STATE.untilClose : STATE.length;
      this.#remaining = length;
    }
    asker.answered(head, length);
  }

  /** A server that says how long it keeps a connection is believed, less a second for the way (RFC 2068 §19.7.1.1). */
  #setIdleLimit(head: ResponseHead): void {
    const { upstreamIdle } = this.#context.limits;
    const told = keepAliveTimeout(head.fields);
    this.idleLimit = told === undefined ? upstreamIdle : Math.min(upstreamIdle, Math.max(told / 2, told - 1000));
  }

  /** `clean`: nothing came after the answer. The asker may begin its next request on this very connection before this returns. */
  #finish(asker: Asker, clean: boolean): void {
    const trailers = this.#decoder?.trailers ?? "";
    this.#decoder = undefined;
    this.#complete = false;
    this.#asker = undefined;
    if (this.#persistent && this.#sent && clean) {
      this.#state = STATE.unused;
      this.reused = true;
      this.idleSince = this.#context.monotonic();
      this.endpoint.putIdle(this, this.#context.limits.idlePerEndpoint);
    } else this.destroy();
    asker.ended(trailers);
  }

  #end(): void {
    const asker = this.#asker;
    if (asker === undefined) this.#close();
    else if (this.#state === STATE.switched) asker.serverEnded();
    else if (this.#state === STATE.untilClose) this.#finish(asker, true);
    else this.#fail("reset");
  }

  #close(): void {
    if (this.#state === STATE.unused) this.endpoint.dropIdle(this, this.#context.monotonic());
    if (this.#asker && this.#state === STATE.switched) this.#finish(this.#asker, true);
    else if (this.#asker) this.#fail(this.connecting ? "refused" : "reset");
    else this.destroy();
  }

  #fail(failure: Failure): void {
    const asker = this.#asker;
    this.destroy();
    asker?.failed(failure);
  }
}
