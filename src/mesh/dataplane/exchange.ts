import { FIELD } from "../http1/fields.ts";
import type { RequestHead } from "../http1/request-head.ts";
import { CHUNKED, type ResponseHead, UNTIL_CLOSE } from "../http1/response-head.ts";
import { Account } from "../session/account.ts";
import { userOf } from "../session/user.ts";
import type { LoggedRequest } from "./access-log.ts";
import type { Core } from "./core.ts";
import type { Endpoint } from "./endpoint.ts";
import { answerTo, type Failure } from "./failure.ts";
import { forwardRequest, type Hop } from "./forward-request.ts";
import { forwardInterim, forwardResponse, forwardSwitch } from "./forward-response.ts";
import { CROWDED, lastHopAnswer, type LocalAnswer, localAnswer, redirectAnswer } from "./local-answer.ts";
import type { Outbox } from "./outbox.ts";
import { Replay } from "./replay.ts";
import { type FailedAttempt, isHarmless, isIdempotent, nextStep, type Step } from "./retry.ts";
import { changePath } from "./rewrite.ts";
import type { ActiveRule, RouteTable, Share } from "./route.ts";
import { type Asker, UpstreamConnection } from "./upstream-connection.ts";

/** The client's side of an exchange. */
export interface ClientSide {
  readonly out: Outbox;
  readonly hop: Hop;
  /** `ns/service:port` of the frontend. */
  readonly service: string;
  readonly routes: RouteTable;
  /** No further request will be taken on this connection. */
  readonly closing: boolean;
  /** Stops reading content: the backend is slow. */
  pauseContent(): void;
  resumeContent(): void;
  /** From here on the client's bytes are no HTTP. */
  switched(): void;
  endWriting(): void;
  /** The answer is complete. `keep`: the connection may serve another request. */
  exchangeEnded(keep: boolean): void;
  /** The answer cannot be completed: only breaking the connection says so. `framed`: its end would have been told from its bytes. */
  exchangeBroken(framed: boolean): void;
}

const NEVER = Number.POSITIVE_INFINITY;
const NO_ENDPOINTS: readonly Endpoint[] = [];
/** nginx' status for a client that went away, for the log. */
const CLIENT_GONE = 499;

/** One request and its answer: routed, sent, sent again where that is safe, answered, counted. */
export class Exchange implements Asker {
  readonly method: string;
  /** Next time (monotonic) at which `expire` has something to do. */
  deadline: number = NEVER;
  readonly #core: Core;
  readonly #client: ClientSide;
  readonly #head: Buffer;
  readonly #target: string;
  readonly #minor: number;
  readonly #chunkedRequest: boolean;
  readonly #expectsContinue: boolean;
  readonly #upgrade: boolean;
  readonly #began: number;
  readonly #trace: string;
  /** The client's request has a traceparent of its own. */
  readonly #traced: boolean;
  #keep: boolean;
  #rule: ActiveRule | undefined;
  #prefix = "/";
  #share: Share | undefined;
  #account: Account | undefined;
  /** The head as it goes to the backend. */
  #text = "";
  readonly #replay = new Replay();
  #contentDone = false;
  #trailers = "";
  #contentPaused = false;
  #upstream: UpstreamConnection | undefined;
  #endpoint: Endpoint | undefined;
  #lastEndpoint: Endpoint | undefined;
  #tried: readonly Endpoint[] = NO_ENDPOINTS;
  #attempts = 0;
  /** Attempts before the backend was changed. */
  #attemptsBefore = 0;
  #attemptBegan = 0;
  /** The next attempt must not use a connection that was in use before. */
  #fresh = false;
  #overall: number = NEVER;
  /** When the present wait is given up. */
  #giveUp: number = NEVER;
  /** The client reads more slowly than the backend answers. */
  #clientBlocks = false;
  /** The client knows whether its content is wanted. */
  #continued = false;
  /** The answer is one that may be silent for as long as it likes. */
  #streaming = false;
  /** The head of the answer has gone to the client. */
  #answering = false;
  #chunkedAnswer = false;
  #framed = true;
  #tunnel = false;
  #ended = false;
  #status = 0;
  #received = 0;
  #sent = 0;
  #reason = "";

  /** `bytes`: the head as it came, from which it can be read again. */
  constructor(core: Core, client: ClientSide, head: RequestHead, bytes: Buffer) {
    this.#core = core;
    this.#client = client;
    this.#head = bytes;
    this.method = head.method;
    this.#target = head.target;
    this.#minor = head.minor;
    this.#chunkedRequest = head.contentLength < 0;
    this.#expectsContinue = head.expectsContinue;
    this.#upgrade = head.upgrade !== undefined;
    this.#keep = head.persistent;
    this.#began = core.monotonic();
    const trace = head.fields.indexOf(FIELD.traceparent);
    this.#traced = trace >= 0;
    this.#trace = this.#traced ? head.fields.value(trace) : core.trace.next();
  }

  /** Routes the request and sends its head. The content follows by `requestContent` and `requestEnded`. */
  start(head: RequestHead): void {
    const found = this.#client.routes.find(head);
    if (!found) return this.#answer({ status: 404, text: "no route matches" });
    if (head.maxForwards === 0) return this.#answer(lastHopAnswer(this.method));
    const { rule, prefix } = found;
    this.#rule = rule;
    this.#prefix = prefix;
    if (rule.redirect) return this.#answer(redirectAnswer(rule.redirect, head, prefix));
    const drawn = rule.draw(this.#core.random);
    const share = drawn?.share;
    if (share?.redirect) return this.#answer(redirectAnswer(share.redirect, head, prefix));
    if (!share?.backend) return this.#answer({ status: 500, text: "the route leads to no backend" });
    this.#share = share;
    if (drawn?.tally && share.version) {
      const user = userOf(head.fields, rule.split?.userHeader, this.#client.hop.address);
      this.#account = new Account(this.#core, drawn.tally, share.version, {
        method: this.method,
        target: this.#target,
        user,
      });
    }
    this.#overall = this.#began + rule.requestTimeout;
    const { sweep, limits } = this.#core;
    if (share.backend.isCrowded(sweep.size, limits.connections)) return this.#answer(CROWDED);
    share.backend.budget.request(this.#began);
    this.#text = this.#headFor(head, share);
    this.#attempt(this.#began);
  }

  /** A piece of the request's content; of the client's bytes once the protocol was switched. The bytes are not reused. */
  requestContent(bytes: Buffer, start: number, end: number): void {
    const upstream = this.#upstream;
    if (this.#ended || !upstream) return;
    const { limits } = this.#core;
    this.#received += end - start;
    if (this.#tunnel) upstream.out.bytes(bytes, start, end, false);
    else {
      // What waits for a connection must be kept whatever its size; the pause below bounds it.
      if (!this.#answering)
        this.#replay.add(bytes.subarray(start, end), upstream.connecting ? NEVER : limits.replayBytes);
      this.#writeContent(upstream, bytes, start, end);
    }
    this.#continued = true;
    if (upstream.out.full || (upstream.connecting && this.#replay.size >= limits.replayBytes)) {
      this.#contentPaused = true;
      this.#client.pauseContent();
    }
    this.#wait();
  }

  requestEnded(trailers: string): void {
    this.#contentDone = true;
    this.#trailers = trailers;
    if (!this.#upstream) return;
    this.#endContent(this.#upstream);
    if (this.#account) this.#wait();
  }

  /** Everything of this turn has been handed on. */
  flush(): void {
    this.#upstream?.out.flush();
  }

  /** The client has ended its side of a switched connection. */
  clientEnded(): void {
    this.#upstream?.endWriting();
  }

  /** The client's connection is broken, or the rest of its request is not coming. */
  clientGone(): void {
    if (this.#ended) return;
    this.#upstream?.destroy();
    this.#leaveEndpoint();
    if (this.#tunnel) this.#account?.close(false);
    else if (this.#answering) this.#account?.abandon();
    else this.#account?.gaveUp(this.#core.monotonic());
    this.#end(this.#answering ? this.#status : CLIENT_GONE, "the client went away");
  }

  /** What comes as content is none, or does not come: the request cannot be carried out. */
  requestBroken(answer: LocalAnswer): void {
    if (this.#ended) return;
    this.#upstream?.destroy();
    this.#leaveEndpoint();
    this.#account?.abandon();
    this.#keep = false;
    if (!this.#answering) return this.#answer(answer);
    this.#end(this.#status, answer.text);
    this.#client.exchangeBroken(this.#framed);
  }

  /** The client has read what was written. */
  clientDrained(): void {
    this.#clientBlocks = false;
    this.#upstream?.resume();
    this.#wait();
  }

  expire(now: number): void {
    if (this.#ended) return;
    if (now < this.#giveUp) return this.#overdue(now);
    const connecting = this.#upstream?.connecting === true && now < this.#overall;
    this.#upstream?.destroy();
    if (this.#clientBlocks) this.requestBroken({ status: 408, text: "the client does not read the answer" });
    else if (this.#answering) this.#break("timeout");
    else this.#attemptFailed(connecting ? "refused" : "timeout");
    this.flush();
  }

  connected(): void {
    this.#core.metrics.connects++;
    this.#wait();
    this.drained();
  }

  drained(): void {
    if (!this.#contentPaused) return;
    this.#contentPaused = false;
    this.#client.resumeContent();
    this.#wait();
  }

  interim(head: ResponseHead): void {
    // HTTP/1.0 knows no interim responses (RFC 9110 §15.2).
    if (this.#minor === 1) this.#client.out.text(forwardInterim(head));
    this.#continued = true;
    this.#wait();
  }

  switched(head: ResponseHead): void {
    if (!this.#upgrade) {
      this.#upstream?.destroy();
      return this.#attemptFailed("malformed");
    }
    this.#begin(101);
    this.#tunnel = true;
    this.#keep = false;
    // The timeouts of a rule are for an answer, and this was it.
    this.#overall = NEVER;
    this.#client.out.text(forwardSwitch(head));
    this.#account?.close(false);
    this.#wait();
    this.#client.switched();
  }

  answered(head: ResponseHead, length: number): void {
    if (head.status >= 500 && this.#share?.version === "new" && this.#retryAnswered(head.status)) return;
    this.#account?.answerBegan(this.#core.monotonic());
    this.#begin(head.status);
    const chunked = length === CHUNKED || length === UNTIL_CLOSE;
    this.#streaming = chunked && this.#account !== undefined && head.isEventStream;
    this.#chunkedAnswer = chunked && this.#minor === 1;
    this.#framed = !chunked || this.#chunkedAnswer;
    if (!this.#framed) this.#keep = false;
    const date = head.hasDate ? "" : this.#core.date.line;
    const frame = { chunked: this.#chunkedAnswer, connection: this.#connection(), date };
    this.#client.out.text(forwardResponse(head, frame, this.#share?.responseEdits));
    this.#wait();
  }

  content(bytes: Buffer, start: number, end: number): void {
    const { out } = this.#client;
    this.#sent += end - start;
    if (this.#chunkedAnswer) out.text(`${(end - start).toString(16)}\r\n`);
    out.bytes(bytes, start, end, true);
    if (this.#chunkedAnswer) out.text("\r\n");
  }

  turnEnded(): void {
    if (this.#ended) return;
    const { out } = this.#client;
    out.flush();
    if (out.full) {
      this.#clientBlocks = true;
      this.#upstream?.pause();
    }
    this.#wait();
  }

  ended(trailers: string): void {
    if (this.#ended) return;
    this.#upstream = undefined;
    this.#leaveEndpoint();
    if (this.#chunkedAnswer) this.#client.out.text(`0\r\n${trailers}\r\n`);
    this.#account?.close(this.#status >= 500);
    this.#end(this.#status, "");
    this.#client.exchangeEnded(this.#keep);
  }

  failed(failure: Failure): void {
    if (this.#ended) return;
    if (this.#answering) this.#break(failure);
    else this.#attemptFailed(failure);
    this.flush();
  }

  serverEnded(): void {
    this.#client.endWriting();
  }

  #headFor(head: RequestHead, { rewrite, requestEdits }: Share): string {
    const target = rewrite?.path ? changePath(head.target, rewrite.path, this.#prefix) : head.target;
    const trace = this.#traced ? "" : `traceparent: ${this.#trace}\r\n`;
    return forwardRequest(head, { target, host: rewrite?.host, edits: requestEdits }, this.#client.hop, trace);
  }

  /** Sends what there is of the request to an endpoint of the share's backend. The caller flushes. */
  #attempt(now: number): void {
    const { random, limits } = this.#core;
    this.#attempts++;
    this.#attemptBegan = now;
    const endpoint = this.#share?.backend?.pick(random, now, this.#tried);
    if (!endpoint) return this.#attemptFailed("unavailable");
    const gate = this.#share?.version === "new" ? this.#rule?.split?.gate : undefined;
    if (gate) gate.lastSent = this.#core.clock.now();
    this.#endpoint = endpoint;
    endpoint.enter();
    const youngest = isIdempotent(this.method) ? NEVER : limits.upstreamFresh;
    const idle = this.#fresh ? undefined : endpoint.takeIdle(now, youngest);
    const upstream = idle ?? new UpstreamConnection(endpoint, this.#core);
    this.#upstream = upstream;
    upstream.begin(this);
    upstream.out.text(this.#text);
    for (const piece of this.#replay.pieces) this.#writeContent(upstream, piece, 0, piece.length);
    if (this.#contentDone) this.#endContent(upstream);
    this.#wait();
  }

  #writeContent(upstream: UpstreamConnection, bytes: Buffer, start: number, end: number): void {
    if (this.#chunkedRequest) upstream.out.text(`${(end - start).toString(16)}\r\n`);
    upstream.out.bytes(bytes, start, end, false);
    if (this.#chunkedRequest) upstream.out.text("\r\n");
  }

  #endContent(upstream: UpstreamConnection): void {
    if (this.#chunkedRequest) upstream.out.text(`0\r\n${this.#trailers}\r\n`);
    upstream.requestSent();
  }

  #attemptFailed(failure: Failure): void {
    const now = this.#core.monotonic();
    const attempt = this.#failedAttempt(failure);
    const step = nextStep(attempt);
    if (failure === "refused") this.#core.metrics.refused++;
    if (failure === "refused") this.#endpoint?.refused(now);
    this.#upstream = undefined;
    this.#leaveEndpoint();
    if (!isHarmless(attempt, step)) this.#account?.failed();
    if (now < this.#overall && this.#take(step, now)) return;
    this.#reason = failure;
    this.#answer(answerTo(failure));
  }

  /** An answer that tells of a failure of the new version: true when the old one answers instead. */
  #retryAnswered(status: number): boolean {
    const step = nextStep(this.#failedAttempt("answered"));
    if (step.to === "answer") return false;
    const upstream = this.#upstream;
    this.#reason = `new answered ${status}`;
    this.#account?.failed();
    if (!this.#take(step, this.#core.monotonic())) return false;
    upstream?.destroy();
    return true;
  }

  /** Nothing was heard for too long: a failure, but the wait goes on, unless the old version can have the request. */
  #overdue(now: number): void {
    this.#reason = "overdue";
    this.deadline = this.#giveUp;
    const silent = this.#upstream;
    const moved = this.#moveToStable(now);
    if (moved) silent?.destroy();
    this.#account?.overdue(moved);
  }

  #moveToStable(now: number): boolean {
    if (this.#answering || this.#share?.version !== "new") return false;
    return this.#take(nextStep(this.#failedAttempt("timeout")), now);
  }

  #failedAttempt(failure: FailedAttempt["failure"]): FailedAttempt {
    const share = this.#share;
    const split = this.#rule?.split;
    const reused = this.#upstream?.reused === true;
    // After the usual race the same endpoint gets the request again, on a connection of its own.
    this.#fresh = failure === "reset" && reused;
    if (this.#endpoint && !this.#fresh) this.#tried = [...this.#tried, this.#endpoint];
    return {
      failure,
      attempts: this.#attempts - this.#attemptsBefore,
      idempotent: isIdempotent(this.method),
      replayable: this.#replay.whole,
      reused,
      another: share?.backend?.endpoints.some((other) => !this.#tried.includes(other)) === true,
      version: share?.version,
      retryOnStable: split?.retryOnStable === true,
      stableReady: split !== undefined && split.stableReady,
      shut: split?.gate?.shut === true,
    };
  }

  /** True when the step was taken: the request is under way again. */
  #take(step: Step, now: number): boolean {
    if (step.to === "answer") return false;
    const share = step.to === "stable" ? this.#rule?.split?.stable : this.#share;
    if (!share?.backend || (step.paid && !share.backend.budget.spend(now))) return false;
    this.#core.metrics.retries++;
    if (share !== this.#share) {
      this.#leaveEndpoint();
      this.#share = share;
      this.#tried = NO_ENDPOINTS;
      this.#attemptsBefore = this.#attempts;
      this.#core.requestHead.read(this.#head, 0, this.#head.length);
      this.#text = this.#headFor(this.#core.requestHead, share);
    }
    this.#attempt(now);
    this.flush();
    // What the last connection could not take, this one may.
    const upstream = this.#upstream;
    if (upstream && !upstream.connecting && !upstream.out.full) this.drained();
    return true;
  }

  /** The head of the answer goes out: nothing can be sent again from here on. */
  #begin(status: number): void {
    this.#answering = true;
    this.#status = status;
    this.#replay.drop();
  }

  #answer(answer: LocalAnswer): void {
    this.#begin(answer.status);
    this.#client.out.text(localAnswer(answer, this.method, this.#connection(), this.#core.date.line));
    this.#account?.close(answer.status >= 500);
    this.#end(answer.status, answer.text);
    this.#client.exchangeEnded(this.#keep);
  }

  /** The Connection line of the answer. Decides whether the client's connection stays. */
  #connection(): string {
    // A client that was told no before it sent its content may or may not send it now: the next request could not be told from it.
    if (this.#client.closing || (this.#expectsContinue && !this.#contentDone)) this.#keep = false;
    if (!this.#keep) return "Connection: close\r\n";
    return this.#minor === 0 ? "Connection: keep-alive\r\n" : "";
  }

  #break(failure: Failure): void {
    this.#upstream = undefined;
    this.#leaveEndpoint();
    this.#account?.close(true);
    this.#end(this.#status, failure);
    this.#client.exchangeBroken(this.#framed);
  }

  #leaveEndpoint(): void {
    const endpoint = this.#endpoint;
    if (!endpoint) return;
    this.#endpoint = undefined;
    this.#lastEndpoint = endpoint;
    endpoint.exit();
  }

  /** Sets the next deadline: for a connection, for the head of the answer, for the next byte of it. */
  #wait(): void {
    const { limits } = this.#core;
    const now = this.#core.monotonic();
    let next = now + limits.answerIdle;
    if (this.#tunnel) next = now + limits.tunnelIdle;
    else if (this.#upstream?.connecting) next = now + limits.connect;
    else if (!this.#answering) next = Math.min(next, this.#attemptBegan + (this.#rule?.backendTimeout ?? NEVER));
    this.#giveUp = Math.min(next, this.#overall);
    this.deadline = this.#giveUp;
    const account = this.#account;
    if (!account) return;
    account.heard(now, this.#isAnswerOwed());
    this.deadline = Math.min(this.#giveUp, account.overdueAt);
  }

  /** Whether it is the backend's turn to do something: it has all that it asked for, and we could take more from it. */
  #isAnswerOwed(): boolean {
    if (this.#tunnel || this.#streaming || this.#clientBlocks) return false;
    return this.#contentDone || this.#contentPaused || (this.#expectsContinue && !this.#continued);
  }

  #end(status: number, reason: string): void {
    this.#ended = true;
    this.deadline = NEVER;
    const { clock, accessLog, metrics } = this.#core;
    const took = this.#core.monotonic() - this.#began;
    const record: LoggedRequest = {
      began: clock.now() - took,
      took,
      service: this.#client.service,
      client: this.#client.hop.address,
      method: this.method,
      target: this.#target,
      status,
      rule: this.#rule?.id ?? "",
      backend: this.#share?.backend?.id ?? "",
      endpoint: this.#lastEndpoint ? (this.#lastEndpoint.pod ?? this.#lastEndpoint.address) : "",
      attempts: this.#attempts,
      received: this.#received,
      sent: this.#sent,
      trace: this.#trace,
      reason: this.#reason || reason,
    };
    accessLog.add(record);
    metrics.add(record);
  }
}
