import { CR, HOST, LF, SP, TARGET, TOKEN } from "./bytes.ts";
import { OPTION, optionsIn } from "./connection-options.ts";
import { readLength } from "./content-length.ts";
import { FAULT, INCOMPLETE } from "./faults.ts";
import { FieldTable } from "./field-table.ts";
import { FIELD } from "./fields.ts";

/** Longest request target, as in nginx and Node. */
const MAX_TARGET = 8192;
/** `HTTP/1.` */
const VERSION = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];
const ASTERISK = 0x2a;
const SLASH = 0x2f;

/** Methods that are answered with a string of their own instead of a new one for each request. */
const METHODS: readonly string[] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT"];

/**
 * The head of a request, read strictly (RFC 9112): whatever two readers could understand differently is refused. One object is
 * used for request after request; its strings are made on demand from the bytes that were read.
 */
export class RequestHead {
  readonly fields: FieldTable = new FieldTable();
  method = "";
  /** 1 for HTTP/1.1, 0 for HTTP/1.0. */
  minor = 1;
  /** Length of the content in bytes, -1 when it is chunked, 0 when there is none. */
  contentLength = 0;
  /** Bits of OPTION from all Connection fields. */
  options = 0;
  /** The client waits for `100 Continue` before it sends the content. */
  expectsContinue = false;
  /** The Host value in force: of the absolute-form target if there is one. */
  host = "";
  /** The target came with a scheme and an authority, which rule over the Host field. */
  absolute = false;
  /** Max-Forwards of TRACE and OPTIONS, -1 without (RFC 9110 §7.6.2). */
  maxForwards = -1;
  /** Path and query, or `*`: the target without scheme and authority. */
  target = "";
  #bytes: Buffer = Buffer.alloc(0);
  #targetStart = 0;
  #targetEnd = 0;
  #hosts = 0;
  #hasLength = false;
  #isChunked = false;

  /** Reads one head from `pos`. Returns the position of the first byte after it, INCOMPLETE, or a FAULT. */
  read(bytes: Buffer, pos: number, end: number): number {
    this.#bytes = bytes;
    let at = this.#readLine(bytes, pos, end);
    if (at < 0) return at;
    at = this.fields.read(bytes, at, end);
    if (at < 0) return at;
    const fault = this.#readFraming() || this.#readTarget();
    return fault < 0 ? fault : at;
  }

  /** The connection may serve another request after this one, as far as the client goes. */
  get persistent(): boolean {
    if ((this.options & OPTION.close) !== 0) return false;
    return this.minor === 1 || (this.options & OPTION.keepAlive) !== 0;
  }

  /** HTTP/1.0 needs no Host. */
  get hasHost(): boolean {
    return this.#hosts > 0;
  }

  /** The protocol that the client wants to change to; undefined when it does not (RFC 9110 §7.8). */
  get upgrade(): string | undefined {
    if ((this.options & OPTION.upgrade) === 0 || this.minor === 0) return undefined;
    const value = this.fields.get("upgrade");
    // h2c by Upgrade is obsolete (RFC 9113 §3.1) and would carry requests past this reader.
    return value === undefined || /(^|,)\s*h2c\s*(,|$)/i.test(value) ? undefined : value;
  }

  #readLine(bytes: Buffer, pos: number, end: number): number {
    let at = pos;
    while (at < end && TOKEN[bytes[at] as number] !== 0) at++;
    if (at === end) return INCOMPLETE;
    if (bytes[at] !== SP || at === pos) return FAULT.requestLine;
    this.method = methodIn(bytes, pos, at);
    this.#targetStart = ++at;
    while (at < end && TARGET[bytes[at] as number] === 1) at++;
    this.#targetEnd = at;
    if (at - this.#targetStart > MAX_TARGET) return FAULT.targetTooLong;
    if (at === end) return INCOMPLETE;
    if (bytes[at] !== SP || at === this.#targetStart) return FAULT.requestLine;
    return this.#readVersion(bytes, at + 1, end);
  }

  #readVersion(bytes: Buffer, pos: number, end: number): number {
    for (let i = 0; i < VERSION.length; i++) {
      if (pos + i === end) return INCOMPLETE;
      if (bytes[pos + i] !== VERSION[i]) return isVersion(bytes, pos) ? FAULT.version : FAULT.requestLine;
    }
    const at = pos + VERSION.length;
    if (at + 2 >= end) return INCOMPLETE;
    this.minor = (bytes[at] as number) - 0x30;
    if (bytes[at + 1] !== CR || bytes[at + 2] !== LF) return FAULT.requestLine;
    if (this.minor === 0 || this.minor === 1) return at + 3;
    return this.minor > 1 && this.minor < 10 ? FAULT.version : FAULT.requestLine;
  }

  /** What the fields say about the framing of the message and of the connection. 0 when all is well. */
  #readFraming(): number {
    this.contentLength = 0;
    this.options = 0;
    this.expectsContinue = false;
    this.maxForwards = -1;
    this.host = "";
    this.#hosts = 0;
    this.#hasLength = false;
    this.#isChunked = false;
    const { fields } = this;
    for (let i = 0; i < fields.count; i++) {
      const id = fields.id(i);
      if (id === FIELD.other || id > FIELD.maxForwards) continue;
      const fault = this.#readField(id, i);
      if (fault < 0) return fault;
    }
    if (this.#isChunked) {
      if (this.#hasLength) return FAULT.lengthAndCoding;
      // RFC 9112 §6.1: HTTP/1.0 knows no transfer codings; whoever sends one has a broken hop before it.
      if (this.minor === 0) return FAULT.transferEncoding;
      this.contentLength = -1;
    }
    if (this.#hosts > 1 || (this.#hosts === 0 && this.minor === 1)) return FAULT.host;
    return this.method === "TRACE" && this.contentLength !== 0 ? FAULT.traceContent : 0;
  }

  #readField(id: number, index: number): number {
    const { fields } = this;
    switch (id) {
      case FIELD.host:
        this.#hosts++;
        return this.#readHost(index);
      case FIELD.contentLength:
        if (this.#hasLength) return FAULT.contentLength;
        this.#hasLength = true;
        this.contentLength = readLength(this.#bytes, fields.valueStart(index), fields.valueEnd(index));
        return this.contentLength < 0 ? FAULT.contentLength : 0;
      case FIELD.transferEncoding:
        if (this.#isChunked) return FAULT.transferEncoding;
        this.#isChunked = true;
        return codingFault(fields.value(index));
      case FIELD.connection:
        this.options |= optionsIn(fields.value(index));
        return 0;
      case FIELD.expect:
        this.expectsContinue = fields.value(index).toLowerCase() === "100-continue";
        return this.expectsContinue ? 0 : FAULT.expectation;
      case FIELD.maxForwards:
        if (this.method === "TRACE" || this.method === "OPTIONS")
          this.maxForwards = readLength(this.#bytes, fields.valueStart(index), fields.valueEnd(index));
        return 0;
      default:
        return 0;
    }
  }

  #readHost(index: number): number {
    const [start, end] = [this.fields.valueStart(index), this.fields.valueEnd(index)];
    for (let at = start; at < end; at++) if (HOST[this.#bytes[at] as number] === 0) return FAULT.host;
    this.host = this.#bytes.toString("latin1", start, end);
    return 0;
  }

  /** Origin-form and absolute-form, `*` for OPTIONS; CONNECT is not served (RFC 9112 §3.2). 0 when all is well. */
  #readTarget(): number {
    if (this.method === "CONNECT") return FAULT.method;
    this.target = this.#bytes.toString("latin1", this.#targetStart, this.#targetEnd);
    this.absolute = false;
    const first = this.#bytes[this.#targetStart];
    if (first === SLASH) return 0;
    if (first === ASTERISK) return this.target === "*" && this.method === "OPTIONS" ? 0 : FAULT.target;
    return this.#readAbsoluteForm();
  }

  #readAbsoluteForm(): number {
    const parts = /^http:\/\/([^/?]+)(.*)$/i.exec(this.target);
    if (!parts) return FAULT.target;
    const [, authority = "", rest = ""] = parts;
    for (let i = 0; i < authority.length; i++) if (HOST[authority.charCodeAt(i)] !== 1) return FAULT.target;
    if (this.#hosts === 1 && withoutDefaultPort(this.host) !== withoutDefaultPort(authority)) return FAULT.host;
    this.host = authority;
    this.absolute = true;
    // RFC 9112 §3.2.1, §3.2.4: an empty path is sent as `/`, or as `*` with OPTIONS.
    if (rest === "" && this.method === "OPTIONS") this.target = "*";
    else this.target = rest.startsWith("/") ? rest : `/${rest}`;
    return 0;
  }
}

function methodIn(bytes: Buffer, start: number, end: number): string {
  const first = bytes[start];
  for (const method of METHODS) {
    if (method.charCodeAt(0) !== first || method.length !== end - start) continue;
    let i = 1;
    while (i < method.length && method.charCodeAt(i) === bytes[start + i]) i++;
    if (i === method.length) return method;
  }
  return bytes.toString("latin1", start, end);
}

/** True for `HTTP/` and a digit: a version, though not one that we speak. */
const isVersion = (bytes: Buffer, pos: number): boolean => /^HTTP\/\d/.test(bytes.toString("latin1", pos, pos + 6));

function codingFault(value: string): number {
  if (value.toLowerCase() === "chunked") return 0;
  const codings = value
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim());
  const wellFormed = codings.at(-1) === "chunked" && codings.filter((coding) => coding === "chunked").length === 1;
  return wellFormed && codings.every((coding) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(coding))
    ? FAULT.unknownCoding
    : FAULT.transferEncoding;
}

const withoutDefaultPort = (host: string): string => host.toLowerCase().replace(/:80$/, "");
