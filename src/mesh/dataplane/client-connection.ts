import type { Socket } from "node:net";
import { CR, LF } from "../http1/bytes.ts";
import { ChunkedDecoder, type ContentSink } from "../http1/chunked-decoder.ts";
import { FAULT, faultOf, INCOMPLETE } from "../http1/faults.ts";
import { refusedRequest } from "./access-log.ts";
import type { Core } from "./core.ts";
import { type ClientSide, Exchange } from "./exchange.ts";
import { type Hop, hopOf } from "./forward-request.ts";
import { localAnswer } from "./local-answer.ts";
import { Outbox } from "./outbox.ts";
import type { RouteTable } from "./route.ts";
import type { Timed } from "./sweep.ts";

/** What a connection knows of the listener that accepted it. Routes change under it with every snapshot. */
export interface Frontend {
  /** `ns/service:port`. */
  readonly service: string;
  /** `name.namespace`. */
  readonly host: string;
  readonly routes: RouteTable;
  readonly draining: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;
/** How long a connection without a request may still begin one after its listener began to close. */
const DRAIN_IDLE = 1_000;
/** As much as one read of a socket brings at most. */
const LARGE = 65_536;

/**
 *            ┌───────────────────────── keep ──────────────────────────┐
 *            ▼                                                          │
 *   ┌──► head ──► content ──► waiting ── answer ended ──────────────────┤
 *   │             │           │    └── 101 ──► tunnel ─────────┐        │
 *   │    answer ended before  │                               ▼        ▼ close
 *   │             ▼           └───────────────────────────► lingering ──► (closed)
 *   └──────── discarding ──────────── too much ───────────────▲
 */
const STATE = { head: 0, content: 1, waiting: 2, discarding: 3, tunnel: 4, lingering: 5, closed: 6 } as const;

/** A client's connection that speaks HTTP/1: reads requests one after the other, each with an exchange of its own. */
export class ClientConnection implements ClientSide, ContentSink, Timed {
  readonly out: Outbox;
  readonly hop: Hop;
  readonly #core: Core;
  readonly #frontend: Frontend;
  readonly #socket: Socket;
  readonly #closed: (connection: ClientConnection) => void;
  #state: number = STATE.head;
  /** What the client has sent, from `#at` on not read yet. */
  #bytes: Buffer | undefined;
  #at = 0;
  /** The head that has begun is not complete, and cannot be before another line is. */
  #incomplete = false;
  #exchange: Exchange | undefined;
  #remaining = 0;
  #decoder: ChunkedDecoder | undefined;
  #discarded = 0;
  #deadline: number;
  #pumping = false;
  #contentPaused = false;
  #reading = true;
  #clientEnded = false;
  #lingerEnd = NEVER;

  constructor(core: Core, frontend: Frontend, socket: Socket, closed: (connection: ClientConnection) => void) {
    this.#core = core;
    this.#frontend = frontend;
    this.#socket = socket;
    this.#closed = closed;
    this.out = new Outbox(socket);
    this.hop = hopOf(withoutMapping(socket.remoteAddress ?? ""), frontend.host);
    this.#deadline = core.monotonic() + core.limits.headTime;
    socket
      .on("data", (bytes: Buffer) => this.receive(bytes))
      .on("drain", () => this.#drained())
      .on("end", () => this.#ended())
      .on("error", () => undefined)
      .on("close", () => this.#close());
    core.sweep.add(this);
  }

  get service(): string {
    return this.#frontend.service;
  }

  get routes(): RouteTable {
    return this.#frontend.routes;
  }

  get closing(): boolean {
    return this.#frontend.draining;
  }

  get deadline(): number {
    return Math.min(this.#deadline, this.#exchange?.deadline ?? NEVER);
  }

  /** The listener closes: a connection without a request is closed soon, the others after their answer. */
  drain(): void {
    if (this.#state !== STATE.head || this.#bytes) return;
    this.#deadline = Math.min(this.#deadline, this.#core.monotonic() + DRAIN_IDLE);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  receive(bytes: Buffer): void {
    if (this.#state === STATE.lingering) return this.#setLingering();
    if (this.#incomplete && bytes.includes(LF)) this.#incomplete = false;
    if (this.#bytes) {
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), bytes]);
      this.#at = 0;
    } else this.#bytes = bytes;
    if (bytes.length >= LARGE && this.#exchange) this.#pumpLater();
    else this.#pump();
  }

  /**
   * A backend can answer and close before it has all of a large content, and a write that fails takes an answer with it that nobody has
   * read. So what comes from backends in this turn of the event loop is read first.
   */
  #pumpLater(): void {
    this.#socket.pause();
    this.#reading = false;
    setImmediate(() => this.#pump());
  }

  pauseContent(): void {
    this.#contentPaused = true;
  }

  resumeContent(): void {
    this.#contentPaused = false;
    this.#pump();
  }

  switched(): void {
    this.#state = STATE.tunnel;
    this.out.flush();
    if (this.#clientEnded) this.#exchange?.clientEnded();
    this.#pump();
  }

  endWriting(): void {
    this.out.flush();
    this.#socket.end();
  }

  exchangeEnded(keep: boolean): void {
    this.#exchange = undefined;
    this.out.flush();
    if (!keep) return this.#linger();
    this.#contentPaused = false;
    if (this.#state === STATE.content) {
      this.#state = STATE.discarding;
      this.#discarded = 0;
      this.#deadline = this.#core.monotonic() + this.#core.limits.discardTime;
    } else this.#awaitHead();
    this.#pump();
  }

  exchangeBroken(framed: boolean): void {
    this.#exchange = undefined;
    this.out.flush();
    if (framed) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  /** ContentSink: what a decoder finds in the chunks. */
  content(bytes: Buffer, start: number, end: number): void {
    if (this.#exchange) this.#exchange.requestContent(bytes, start, end);
    else this.#discarded += end - start;
  }

  expire(now: number): void {
    const exchange = this.#exchange;
    if (exchange && exchange.deadline <= now) return exchange.expire(now);
    if (exchange) return exchange.requestBroken({ status: 408, text: "the content did not come in time" });
    if (this.#state === STATE.head && this.#bytes) return this.#refuse(408, "the request did not come in time");
    if (this.#state === STATE.head) return this.#linger();
    this.#socket.destroy();
  }

  /** Reads what there is, as far as it can be taken now. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#bytes && this.#step(this.#bytes)) {
      // A step may have thrown the bytes away.
      if (this.#at < (this.#bytes?.length ?? 0)) continue;
      this.#bytes = undefined;
      this.#at = 0;
    }
    this.#pumping = false;
    this.#exchange?.flush();
    this.#setReading();
    if (this.#clientEnded && this.#state === STATE.head && !this.out.full) this.#linger();
  }

  /** Reads one part of what has come; false when it must wait. */
  #step(bytes: Buffer): boolean {
    switch (this.#state) {
      case STATE.head:
        return !this.out.full && this.#readHead(bytes);
      case STATE.content:
        return !this.#contentPaused && this.#readContent(bytes);
      case STATE.discarding:
        return this.#readContent(bytes);
      case STATE.tunnel:
        if (this.#contentPaused) return false;
        this.#exchange?.requestContent(bytes, this.#at, bytes.length);
        this.#at = bytes.length;
        return true;
      case STATE.waiting:
        return false;
      default:
        this.#at = bytes.length;
        return true;
    }
  }

  #readHead(bytes: Buffer): boolean {
    const { limits, requestHead } = this.#core;
    // Empty lines before a request are ignored (RFC 9112 §2.2).
    if (bytes[this.#at] === CR && bytes[this.#at + 1] === LF) {
      this.#at += 2;
      return true;
    }
    const start = this.#at;
    const cut = bytes[start] === CR && start + 1 === bytes.length;
    const end = this.#incomplete || cut ? INCOMPLETE : requestHead.read(bytes, start, bytes.length);
    if (end === INCOMPLETE) {
      this.#incomplete = !cut;
      if (bytes.length - start > limits.headBytes) return this.#refuseFault(FAULT.headTooLarge);
      this.#deadline = Math.min(this.#deadline, this.#core.monotonic() + limits.headTime);
      return false;
    }
    if (end < 0) return this.#refuseFault(end);
    if (end - start > limits.headBytes) return this.#refuseFault(FAULT.headTooLarge);
    this.#at = end;
    this.#deadline = NEVER;
    const { contentLength } = requestHead;
    this.#state = contentLength === 0 ? STATE.waiting : STATE.content;
    this.#remaining = contentLength;
    this.#decoder = contentLength < 0 ? new ChunkedDecoder() : undefined;
    const exchange = new Exchange(this.#core, this, requestHead, bytes.subarray(start, end));
    this.#exchange = exchange;
    exchange.start(requestHead);
    if (contentLength === 0) exchange.requestEnded("");
    return true;
  }

  #readContent(bytes: Buffer): boolean {
    if (this.#decoder) {
      const next = this.#decoder.read(bytes, this.#at, bytes.length, this);
      if (next < 0) return this.#badContent(next);
      this.#at = next;
      if (this.#decoder.done) this.#contentComplete(this.#decoder.trailers);
    } else {
      const until = Math.min(bytes.length, this.#at + this.#remaining);
      const start = this.#at;
      this.#at = until;
      this.#remaining -= until - start;
      this.content(bytes, start, until);
      if (this.#remaining === 0) this.#contentComplete("");
    }
    if (this.#state === STATE.discarding && this.#discarded > this.#core.limits.discardBytes) this.#linger();
    return true;
  }

  #contentComplete(trailers: string): void {
    this.#deadline = NEVER;
    if (this.#exchange && this.#state === STATE.content) {
      this.#state = STATE.waiting;
      this.#exchange.requestEnded(trailers);
    } else if (this.#state === STATE.discarding) this.#awaitHead();
  }

  #badContent(fault: number): boolean {
    const { status, text } = faultOf(fault);
    this.#core.metrics.badRequests++;
    if (this.#exchange) this.#exchange.requestBroken({ status, text });
    else this.#linger();
    return false;
  }

  #awaitHead(): void {
    this.#state = STATE.head;
    this.#deadline = this.#core.monotonic() + (this.closing ? DRAIN_IDLE : this.#core.limits.keepAlive);
  }

  #refuseFault(fault: number): boolean {
    const { status, text } = faultOf(fault);
    this.#core.metrics.badRequests++;
    this.#refuse(status, text);
    return false;
  }

  /** A request that is none is answered without having been routed; what follows it cannot be trusted. */
  #refuse(status: number, text: string): void {
    this.out.text(localAnswer({ status, text }, "", "Connection: close\r\n", this.#core.date.line));
    this.out.flush();
    const { accessLog, clock } = this.#core;
    accessLog.add(refusedRequest(clock.now(), this.service, this.hop.address, status, text));
    this.#linger();
  }

  /**
   * Ends our side and reads on for a moment: closing at once with bytes unread would send a reset, which can overtake the answer
   * (RFC 9112 §9.6).
   */
  #linger(): void {
    if (this.#state === STATE.closed) return;
    this.#state = STATE.lingering;
    this.#bytes = undefined;
    this.#at = 0;
    this.#lingerEnd = this.#core.monotonic() + this.#core.limits.lingerTime;
    this.#setLingering();
    this.#socket.end();
    this.#setReading();
  }

  /** As long as the client sends, it has not read the answer yet; and what is still to be sent to it must not be cut off. */
  #setLingering(): void {
    const { discardTime, lingerTime } = this.#core.limits;
    const pause = this.#socket.writableLength > 0 ? lingerTime : discardTime;
    this.#deadline = Math.min(this.#lingerEnd, this.#core.monotonic() + pause);
  }

  /** Reads on unless what has come already must wait. */
  #setReading(): void {
    const reading = this.#bytes === undefined || this.#state === STATE.head ? !this.#mustWait() : false;
    if (this.#state === STATE.content)
      this.#deadline = reading ? this.#core.monotonic() + this.#core.limits.contentIdle : NEVER;
    if (reading === this.#reading) return;
    this.#reading = reading;
    if (reading) this.#socket.resume();
    else this.#socket.pause();
  }

  #mustWait(): boolean {
    if (this.#state === STATE.head) return this.out.full;
    return this.#contentPaused && (this.#state === STATE.content || this.#state === STATE.tunnel);
  }

  #drained(): void {
    this.#exchange?.clientDrained();
    if (this.#state === STATE.head) this.#pump();
  }

  #ended(): void {
    this.#clientEnded = true;
    if (this.#state === STATE.content) {
      this.#exchange?.clientGone();
      this.#socket.destroy();
    } else if (this.#state === STATE.tunnel) this.#exchange?.clientEnded();
    else if (this.#state === STATE.head || this.#state === STATE.discarding) this.#linger();
    else if (this.#state === STATE.lingering) this.#socket.end();
  }

  #close(): void {
    this.#state = STATE.closed;
    this.#exchange?.clientGone();
    this.#exchange = undefined;
    this.#core.sweep.delete(this);
    this.#closed(this);
  }
}

/** `::ffff:127.0.0.1` is 127.0.0.1. */
const withoutMapping = (address: string): string => (address.startsWith("::ffff:") ? address.slice(7) : address);
