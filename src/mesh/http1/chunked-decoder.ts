import { CR, HEX, LF, SEMICOLON } from "./bytes.ts";
import { ChunkExtension } from "./chunk-extension.ts";
import { FAULT, INCOMPLETE } from "./faults.ts";
import { FieldTable } from "./field-table.ts";
import { FIELD } from "./fields.ts";

/** Receives content piece by piece. `bytes` may be overwritten after the call. */
export interface ContentSink {
  content(bytes: Buffer, start: number, end: number): void;
}

/** 12 hexadecimal digits are 256 terabytes, and are counted exactly. */
const MAX_SIZE_DIGITS = 12;
const MAX_TRAILERS = 8192;

const STATE = {
  size: 0,
  extension: 1,
  sizeEnd: 2,
  data: 3,
  dataEnd: 4,
  dataLineFeed: 5,
  trailers: 6,
  done: 7,
} as const;

/**
 * Reads chunked content (RFC 9112 §7.1), byte by byte where it must, and hands on what is in the chunks. Strict: a size is digits
 * and nothing else, every line ends with CR LF, a chunk ends where its size says.
 */
export class ChunkedDecoder {
  /** The trailer fields that may be forwarded, as lines; only when `done`. */
  trailers = "";
  #state: number = STATE.size;
  #size = 0;
  #digits = 0;
  #extension: ChunkExtension | undefined;
  /** Trailer section as far as it has come. */
  #section: Buffer | undefined;

  get done(): boolean {
    return this.#state === STATE.done;
  }

  /** Reads from `pos` to `end` at most; returns the position after what was read, or a FAULT. Stops after the last byte of the content. */
  read(bytes: Buffer, pos: number, end: number, sink: ContentSink): number {
    let at = pos;
    while (at < end && this.#state !== STATE.done) {
      if (this.#state === STATE.data) at = this.#readData(bytes, at, end, sink);
      else if (this.#state === STATE.trailers) at = this.#readTrailers(bytes, at, end);
      else at = this.#readFraming(bytes[at] as number) || at + 1;
      if (at < 0) return at;
    }
    return at;
  }

  #readData(bytes: Buffer, at: number, end: number, sink: ContentSink): number {
    const until = Math.min(end, at + this.#size);
    this.#size -= until - at;
    if (this.#size === 0) this.#state = STATE.dataEnd;
    sink.content(bytes, at, until);
    return until;
  }

  /** One byte between the data; 0, or a FAULT. */
  #readFraming(byte: number): number {
    switch (this.#state) {
      case STATE.size:
        return this.#readSize(byte);
      case STATE.extension:
        return this.#readExtension(byte);
      case STATE.sizeEnd:
        if (byte !== LF) return FAULT.chunkSize;
        this.#state = this.#size === 0 ? STATE.trailers : STATE.data;
        return 0;
      case STATE.dataEnd:
        if (byte !== CR) return FAULT.chunkEnd;
        this.#state = STATE.dataLineFeed;
        return 0;
      default:
        if (byte !== LF) return FAULT.chunkEnd;
        this.#state = STATE.size;
        this.#digits = 0;
        return 0;
    }
  }

  #readSize(byte: number): number {
    const digit = HEX[byte] as number;
    if (digit < 16) {
      if (++this.#digits > MAX_SIZE_DIGITS) return FAULT.chunkSize;
      this.#size = this.#size * 16 + digit;
      return 0;
    }
    if (this.#digits === 0) return FAULT.chunkSize;
    if (byte === CR) this.#state = STATE.sizeEnd;
    else if (byte === SEMICOLON) {
      this.#state = STATE.extension;
      this.#extension = new ChunkExtension();
    } else return FAULT.chunkSize;
    return 0;
  }

  #readExtension(byte: number): number {
    const taken = this.#extension?.take(byte);
    if (taken === "end") this.#state = STATE.sizeEnd;
    return taken === "bad" ? FAULT.chunkExtension : 0;
  }

  #readTrailers(bytes: Buffer, at: number, end: number): number {
    const known = this.#section?.length ?? 0;
    const section = this.#section ? Buffer.concat([this.#section, bytes.subarray(at, end)]) : bytes.subarray(at, end);
    const table = new FieldTable();
    const after = table.read(section, 0, section.length);
    if (after === INCOMPLETE && section.length <= MAX_TRAILERS) {
      this.#section = Buffer.from(section);
      return end;
    }
    if (after < 0 || after > MAX_TRAILERS) return FAULT.trailers;
    this.trailers = allowed(table);
    this.#state = STATE.done;
    return at + after - known;
  }
}

/** Fields that frame, route or authorise, or say how to read the content, must not come in trailers (RFC 9110 §6.5.1). */
function allowed(table: FieldTable): string {
  let lines = "";
  for (let i = 0; i < table.count; i++) if (table.id(i) === FIELD.other) lines += table.lines(i, i + 1);
  return lines;
}
