import { createHash, type Hash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";

/** One entry of a tar archive. Owner and mode are written as given; the time of change always is the epoch. */
export interface TarEntry {
  /** Relative, `/`-separated, without a trailing slash. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "hardlink";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** What a link points at. */
  readonly target?: string;
}

const BLOCK = 512;
const TYPE_FLAGS = { file: "0", hardlink: "1", symlink: "2", directory: "5" } as const;
const WRITE_SIZE = 256 * 1024;
const MAX_OCTAL_SIZE = 0o77777777777;

/**
 * Writes a tar archive (POSIX.1-1988 ustar, with pax records where a name or size does not fit) to a file and takes its
 * SHA-256 on the way. The same entries always give the same bytes.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13
 */
export class TarWriter {
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash("sha256");
  /** What is not written yet: an archive of many small files would else be as many small writes. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #size = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Creates `path`, which must not exist yet. */
  static async create(path: string): Promise<TarWriter> {
    return new TarWriter(await open(path, "wx", 0o644));
  }

  /** `body` must give exactly `entry.size` bytes. */
  async add(entry: TarEntry, body?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    await this.#write(headerOf(entry));
    let written = 0;
    for await (const chunk of body ?? []) {
      written += chunk.length;
      if (written > entry.size) break;
      await this.#write(chunk);
    }
    if (written !== entry.size) throw new Error(`${entry.path}: changed while it was read`);
    const rest = written % BLOCK;
    if (rest > 0) await this.#write(Buffer.alloc(BLOCK - rest));
  }

  /** Ends the archive and waits until it is on disk. */
  async finish(): Promise<{ readonly digest: string; readonly size: number }> {
    await this.#write(Buffer.alloc(2 * BLOCK));
    await this.#flush();
    await this.#file.sync();
    await this.#file.close();
    return { digest: `sha256:${this.#hash.digest("hex")}`, size: this.#size };
  }

  async abandon(): Promise<void> {
    await this.#file.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#size += bytes.length;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= WRITE_SIZE) await this.#flush();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at)).bytesWritten;
  }
}

function headerOf(entry: TarEntry): Buffer {
  const name = entry.type === "directory" ? `${entry.path}/` : entry.path;
  const split = splitName(name);
  const target = entry.target ?? "";
  const pax: [string, string][] = [];
  if (!split) pax.push(["path", name]);
  if (!fits(target, 100)) pax.push(["linkpath", target]);
  if (entry.size > MAX_OCTAL_SIZE) pax.push(["size", String(entry.size)]);
  const main = ustarBlock({
    ...entry,
    name: split?.name ?? cut(name),
    prefix: split?.prefix ?? "",
    target: cut(target),
  });
  if (pax.length === 0) return main;
  const records = Buffer.concat(pax.map(([key, value]) => paxRecord(key, value)));
  const paxHeader = ustarBlock({ ...entry, name: "pax", prefix: "", target: "", size: records.length, flag: "x" });
  return Buffer.concat([paxHeader, records, Buffer.alloc((BLOCK - (records.length % BLOCK)) % BLOCK), main]);
}

function ustarBlock(
  fields: Omit<TarEntry, "path"> & { name: string; prefix: string; target: string; flag?: string },
): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(fields.name, 0, 100);
  block.write(octal(fields.mode & 0o7777, 7), 100);
  block.write(octal(fields.uid, 7), 108);
  block.write(octal(fields.gid, 7), 116);
  block.write(octal(Math.min(fields.size, MAX_OCTAL_SIZE), 11), 124);
  block.write(octal(0, 11), 136);
  block.write("        ", 148);
  block.write(fields.flag ?? TYPE_FLAGS[fields.type], 156);
  block.write(fields.target, 157, 100);
  block.write("ustar\u000000", 257);
  block.write(fields.prefix, 345, 155);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}

const octal = (value: number, width: number): string => value.toString(8).padStart(width, "0");

function fits(text: string, bytes: number): boolean {
  return text.length <= bytes && /^[\x20-\x7e]*$/.test(text);
}

/** The part of a name that a ustar field takes when the pax record holds the whole of it. */
const cut = (text: string): string => text.replace(/[^\x20-\x7e]/g, "_").slice(0, 100);

function splitName(name: string): { readonly name: string; readonly prefix: string } | undefined {
  if (fits(name, 100)) return { name, prefix: "" };
  if (!fits(name, 256)) return undefined;
  const slash = name.indexOf("/", name.length - 101);
  if (slash < 0 || slash > 155 || slash === name.length - 1) return undefined;
  return { name: name.slice(slash + 1), prefix: name.slice(0, slash) };
}

/** `<length> <key>=<value>\n`, where length counts itself: 9 + digits, e.g. `12 path=abc\n`. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
