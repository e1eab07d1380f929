import type { TarEntry } from "./tar-writer.ts";

/** An entry as read. `other` stands for devices, pipes and whatever else an image does not need. */
export interface ReadEntry extends Omit<TarEntry, "type"> {
  readonly type: TarEntry["type"] | "other";
  /** The content; must be read before the next entry is asked for, or is skipped. */
  readonly body: AsyncIterable<Buffer>;
}

const BLOCK = 512;
const MAX_RECORDS = 1024 * 1024;
const TYPES: Readonly<Record<string, TarEntry["type"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
};

/** Reads a tar archive (ustar, pax, GNU long names) as it comes. Throws on a damaged or cut-off archive. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<ReadEntry> {
  const reader = new ByteReader(source);
  let extended = new Map<string, string>();
  for (;;) {
    const header = await reader.take(BLOCK);
    if (header.every((byte) => byte === 0)) return;
    if (header.length < BLOCK) throw new Error("tar archive is cut off");
    checkSum(header);
    const size = Number(extended.get("size") ?? number(header, 124, 12));
    const flag = String.fromCharCode(header[156] ?? 0);
    if ("xgLK".includes(flag)) {
      const records = await readRecords(reader, number(header, 124, 12));
      if (flag === "x") extended = parsePax(records, extended);
      else if (flag !== "g") extended.set(flag === "L" ? "path" : "linkpath", text(records, 0, records.length));
      continue;
    }
    const type = TYPES[flag] ?? "other";
    const body = new EntryBody(reader, type === "file" || type === "other" ? size : 0);
    yield { ...entryOf(header, extended), type, size: body.left, body };
    await body.skip();
    extended = new Map();
  }
}

function entryOf(header: Buffer, extended: ReadonlyMap<string, string>): Omit<ReadEntry, "type" | "size" | "body"> {
  const ustar = header.toString("latin1", 257, 262) === "ustar";
  const gnu = ustar && header[262] === 0x20;
  const prefix = ustar && !gnu ? text(header, 345, 155) : "";
  const name = text(header, 0, 100);
  return {
    path: extended.get("path") ?? (prefix === "" ? name : `${prefix}/${name}`),
    mode: number(header, 100, 8),
    uid: Number(extended.get("uid") ?? number(header, 108, 8)),
    gid: Number(extended.get("gid") ?? number(header, 116, 8)),
    target: extended.get("linkpath") ?? text(header, 157, 100),
  };
}

async function readRecords(reader: ByteReader, size: number): Promise<Buffer> {
  if (size > MAX_RECORDS) throw new Error("tar archive is damaged: header too long");
  const padded = Math.ceil(size / BLOCK) * BLOCK;
  const bytes = await reader.take(padded);
  if (bytes.length < padded) throw new Error("tar archive is cut off");
  return bytes.subarray(0, size);
}

function parsePax(records: Buffer, known: ReadonlyMap<string, string>): Map<string, string> {
  const result = new Map(known);
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(0x20, at);
    const length = Number(records.toString("latin1", at, space));
    const equals = records.indexOf(0x3d, space);
    if (!(length > 0) || space < 0 || equals < 0 || at + length > records.length)
      throw new Error("tar archive is damaged");
    result.set(records.toString("utf8", space + 1, equals), records.toString("utf8", equals + 1, at + length - 1));
    at += length;
  }
  return result;
}

function checkSum(header: Buffer): void {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i] ?? 0;
  if (sum !== number(header, 148, 8)) throw new Error("tar archive is damaged: wrong checksum");
}

function text(bytes: Buffer, start: number, length: number): string {
  const end = bytes.indexOf(0, start);
  return bytes.toString("utf8", start, end < 0 || end > start + length ? start + length : end);
}

/** Octal digits, or GNU's base 256 when the first bit is set. */
function number(bytes: Buffer, start: number, length: number): number {
  const first = bytes[start] ?? 0;
  if ((first & 0x80) === 0) return Number.parseInt(text(bytes, start, length).trim() || "0", 8);
  let value = first & 0x7f;
  for (let i = 1; i < length; i++) value = value * 256 + (bytes[start + i] ?? 0);
  return value;
}

/** Hands out a stream of chunks in pieces of the length asked for. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Exactly `length` bytes, or fewer at the end of the stream. */
  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const part = await this.some(missing);
      if (!part) break;
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  /** Between 1 and `limit` bytes; undefined at the end of the stream. */
  async some(limit: number): Promise<Buffer | undefined> {
    while (this.#chunk.length === 0) {
      const next = await this.#source.next();
      if (next.done) return undefined;
      this.#chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
    }
    const part = this.#chunk.subarray(0, limit);
    this.#chunk = this.#chunk.subarray(part.length);
    return part;
  }
}

class EntryBody implements AsyncIterable<Buffer> {
  readonly #reader: ByteReader;
  readonly #padding: number;
  left: number;

  constructor(reader: ByteReader, size: number) {
    this.#reader = reader;
    this.left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.left > 0) {
      const part = await this.#reader.some(this.left);
      if (!part) throw new Error("tar archive is cut off");
      this.left -= part.length;
      yield part;
    }
  }

  async skip(): Promise<void> {
    for await (const part of this) void part;
    await this.#reader.take(this.#padding);
  }
}
