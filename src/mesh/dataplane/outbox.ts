import type { Socket } from "node:net";

/** Up to here bytes are copied into the text that goes out anyway: one write is cheaper than two. */
const COPY = 8192;

/**
 * Collects what one turn has to say to one socket and writes it at once. Text is Latin-1: one character a byte. Nothing is
 * written before `flush`, except large pieces, which keep their place in the order.
 */
export class Outbox {
  readonly #socket: Socket;
  #text = "";
  #corked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  text(text: string): void {
    this.#text += text;
  }

  /** `reused`: the bytes will be overwritten after this call. */
  bytes(bytes: Buffer, start: number, end: number, reused: boolean): void {
    if (end - start <= COPY) {
      this.#text += bytes.toString("latin1", start, end);
      return;
    }
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
    }
    this.#writeText();
    const piece = bytes.subarray(start, end);
    this.#socket.write(reused ? Buffer.from(piece) : piece);
  }

  flush(): void {
    this.#writeText();
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  /** The other side reads more slowly than we write: wait for the socket's `drain` before writing more. */
  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }

  #writeText(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    this.#socket.write(text, "latin1");
  }
}
