import { CR, LF, SP, VALUE } from "./bytes.ts";
import { OPTION, optionsIn } from "./connection-options.ts";
import { readLength } from "./content-length.ts";
import { FAULT, INCOMPLETE } from "./faults.ts";
import { FieldTable } from "./field-table.ts";
import { FIELD } from "./fields.ts";

const VERSION = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];
/** `HTTP/1.1 200` */
const STATUS_START = 9;
const STATUS_END = 12;

/** How the content of a response ends; a number of bytes otherwise. */
export const CHUNKED = -1;
export const UNTIL_CLOSE = -2;

/** The head of a response, read as strictly as that of a request. One object is used for response after response. */
export class ResponseHead {
  readonly fields: FieldTable = new FieldTable();
  /** 1 for HTTP/1.1, 0 for HTTP/1.0. */
  minor = 1;
  status = 0;
  /** `200 OK`: what stands between the version and the end of the line. */
  statusText = "";
  /** Bytes of content as Content-Length says, CHUNKED, or UNTIL_CLOSE. Whether there is content, the request decides too. */
  contentLength: number = UNTIL_CLOSE;
  options = 0;
  hasDate = false;
  #bytes: Buffer = Buffer.alloc(0);

  /** Reads one head from `pos`. Returns the position of the first byte after it, INCOMPLETE, or a FAULT. */
  read(bytes: Buffer, pos: number, end: number): number {
    this.#bytes = bytes;
    let at = this.#readLine(bytes, pos, end);
    if (at < 0) return at;
    at = this.fields.read(bytes, at, end);
    if (at < 0) return at;
    const fault = this.#readFraming();
    return fault < 0 ? fault : at;
  }

  /** The connection may serve another request after this one, as far as the server goes. */
  get persistent(): boolean {
    if ((this.options & OPTION.close) !== 0) return false;
    return this.minor === 1 || (this.options & OPTION.keepAlive) !== 0;
  }

  /** Server-sent events: such an answer may pause for as long as it likes, and only its reader ends it. */
  get isEventStream(): boolean {
    return this.fields.get("content-type")?.toLowerCase().startsWith("text/event-stream") === true;
  }

  #readLine(bytes: Buffer, pos: number, end: number): number {
    for (let i = 0; i < VERSION.length; i++) {
      if (pos + i === end) return INCOMPLETE;
      if (bytes[pos + i] !== VERSION[i]) return FAULT.statusLine;
    }
    if (end - pos < STATUS_END + 2) return INCOMPLETE;
    this.minor = (bytes[pos + VERSION.length] as number) - 0x30;
    this.status = readLength(bytes, pos + STATUS_START, pos + STATUS_END);
    if (this.minor < 0 || this.minor > 1 || bytes[pos + STATUS_START - 1] !== SP) return FAULT.statusLine;
    return this.status < 100 ? FAULT.statusLine : this.#readReason(bytes, pos, end);
  }

  #readReason(bytes: Buffer, pos: number, end: number): number {
    let at = pos + STATUS_END;
    // The space before an empty reason phrase is required (RFC 9112 §4), but often missing.
    if (bytes[at] !== SP && bytes[at] !== CR) return FAULT.statusLine;
    while (at < end && VALUE[bytes[at] as number] === 1) at++;
    if (at + 1 >= end) return INCOMPLETE;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return FAULT.statusLine;
    this.statusText = bytes.toString("latin1", pos + STATUS_START, at);
    return at + 2;
  }

  /** 0 when all is well. A response with both Content-Length and Transfer-Encoding is refused like such a request. */
  #readFraming(): number {
    this.contentLength = UNTIL_CLOSE;
    this.options = 0;
    this.hasDate = false;
    const { fields } = this;
    for (let i = 0; i < fields.count; i++) {
      const fault = this.#readField(fields.id(i), i);
      if (fault < 0) return fault;
    }
    // An interim response has no content (RFC 9110 §15.2), and not everybody knows: what frames some is refused.
    const framed = this.contentLength === CHUNKED || this.contentLength > 0;
    return this.status < 200 && framed ? FAULT.transferEncoding : 0;
  }

  #readField(id: number, index: number): number {
    const { fields } = this;
    switch (id) {
      case FIELD.contentLength:
        if (this.contentLength === CHUNKED) return FAULT.lengthAndCoding;
        return this.#readLength(index);
      case FIELD.transferEncoding:
        if (this.contentLength >= 0) return FAULT.lengthAndCoding;
        if (this.contentLength === CHUNKED || this.minor === 0) return FAULT.transferEncoding;
        this.contentLength = CHUNKED;
        return fields.value(index).toLowerCase() === "chunked" ? 0 : FAULT.transferEncoding;
      case FIELD.connection:
        this.options |= optionsIn(fields.value(index));
        return 0;
      case FIELD.date:
        this.hasDate = true;
        return 0;
      default:
        return 0;
    }
  }

  #readLength(index: number): number {
    if (this.contentLength >= 0) return FAULT.contentLength;
    this.contentLength = readLength(this.#bytes, this.fields.valueStart(index), this.fields.valueEnd(index));
    return this.contentLength < 0 ? FAULT.contentLength : 0;
  }
}
