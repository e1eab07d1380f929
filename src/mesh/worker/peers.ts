import { type FSWatcher, readdirSync, rmSync, watch } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Logger } from "../../observe/logger.ts";
import type { PeerMessage } from "../session/gatekeeper.ts";

export interface PeersDeps {
  /** Where the sockets of all workers are. Short, or relative to the working directory: a socket's path has at most 107 bytes. */
  readonly folder: string;
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  heard(message: PeerMessage): void;
  /** What a worker must hear that has just connected. */
  everything(): readonly PeerMessage[];
}

const SUFFIX = ".peer.sock";
/** A socket file nobody listens on any more is tried again after this many milliseconds. */
const RETRY = 500;
/** How often the folder is looked at when it cannot be watched, in milliseconds. */
const LOOK = 2_000;
/** No line of a peer is longer. */
const MAX_LINE = 1_000_000;
/** Bytes that a peer may leave unread. */
const MAX_UNHEARD = 1_000_000;

/**
 * The other workers of this machine, each with a socket in HOME/run: each says to all others what it has to say, one line of JSON a
 * message. Messages are cumulative, so a worker that connects late, or again, hears everything once more.
 */
export class Peers implements Disposable {
  readonly #deps: PeersDeps;
  readonly #own: string;
  readonly #server: Server;
  readonly #incoming = new Set<Socket>();
  /** Connections to the others, by file name. */
  readonly #outgoing = new Map<string, Socket>();
  readonly #retries = new Map<string, Cancel>();
  #watcher: FSWatcher | undefined;
  #looking: Cancel | undefined;

  constructor(deps: PeersDeps) {
    this.#deps = deps;
    this.#own = `${deps.name}${SUFFIX}`;
    this.#server = createServer((socket) => this.#listenTo(socket));
  }

  /** Resolves when the others can connect. */
  async start(): Promise<void> {
    const path = join(this.#deps.folder, this.#own);
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    this.#watchFolder();
    this.#find();
  }

  /** Hears of new sockets; where the kernel has no watch left to give, looks from time to time. */
  #watchFolder(): void {
    try {
      this.#watcher = watch(this.#deps.folder, (_event, file) => {
        if (file?.endsWith(SUFFIX)) this.#find();
      });
      this.#watcher.on("error", () => undefined);
    } catch (error) {
      this.#deps.log.warn("the folder of the sockets cannot be watched", { error });
      this.#lookAgain();
    }
  }

  #lookAgain(): void {
    this.#looking = this.#deps.clock.after(LOOK, () => {
      this.#find();
      this.#lookAgain();
    });
  }

  tell(message: PeerMessage): void {
    if (this.#outgoing.size === 0) return;
    const line = `${JSON.stringify(message)}\n`;
    for (const socket of this.#outgoing.values()) {
      // One that does not listen hears everything once more when it does.
      if (socket.writableLength > MAX_UNHEARD) socket.destroy();
      else socket.write(line);
    }
  }

  get connected(): number {
    return this.#outgoing.size;
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#looking?.();
    this.#server.close();
    for (const cancel of this.#retries.values()) cancel();
    this.#retries.clear();
    for (const socket of [...this.#incoming, ...this.#outgoing.values()]) socket.destroy();
    this.#outgoing.clear();
  }

  #find(): void {
    for (const file of readdirSync(this.#deps.folder))
      if (file.endsWith(SUFFIX) && file !== this.#own && !this.#outgoing.has(file) && !this.#retries.has(file))
        this.#connect(file);
  }

  #connect(file: string): void {
    const socket = connect(join(this.#deps.folder, file));
    socket
      .on("connect", () => {
        this.#outgoing.set(file, socket);
        for (const message of this.#deps.everything()) socket.write(`${JSON.stringify(message)}\n`);
      })
      .on("error", () => undefined)
      .on("close", () => {
        this.#outgoing.delete(file);
        this.#retryLater(file);
      });
    socket.resume();
  }

  #retryLater(file: string): void {
    if (!this.#server.listening) return;
    const cancel = this.#deps.clock.after(RETRY, () => {
      this.#retries.delete(file);
      this.#find();
    });
    this.#retries.set(file, cancel);
  }

  #listenTo(socket: Socket): void {
    this.#incoming.add(socket);
    let text = "";
    socket.setEncoding("utf8");
    socket
      .on("data", (piece: string) => {
        text += piece;
        const lines = text.split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) this.#hear(line);
        if (text.length > MAX_LINE) socket.destroy();
      })
      .on("error", () => undefined)
      .on("close", () => this.#incoming.delete(socket));
  }

  #hear(line: string): void {
    try {
      this.#deps.heard(JSON.parse(line) as PeerMessage);
    } catch (error) {
      this.#deps.log.warn("a message of another worker cannot be understood", { error });
    }
  }
}
