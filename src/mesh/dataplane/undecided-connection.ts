import type { Socket } from "node:net";
import type { Cancel } from "../../lib/clock.ts";
import type { Core } from "./core.ts";
import { beginsHttp1 } from "./protocol-detector.ts";

/** What a client has said by the time it is decided; undefined: it says nothing, or too little to tell. */
export interface Decision {
  readonly http: boolean | undefined;
  readonly said: Buffer;
}

/** A connection to a port that does not say what it carries, until the client's first bytes say it, or their absence does. */
export class UndecidedConnection {
  readonly #socket: Socket;
  readonly #decided: (decision: Decision | undefined) => void;
  readonly #cancel: Cancel;
  #said: Buffer = Buffer.alloc(0);

  /** `decided` is called once, with nothing when the connection is gone. */
  constructor(core: Core, socket: Socket, decided: (decision: Decision | undefined) => void) {
    this.#socket = socket;
    this.#decided = decided;
    this.#cancel = core.clock.after(core.limits.detect, () => this.#decide(undefined));
    socket.on("data", this.#look).on("end", this.#ended).on("error", ignore).on("close", this.#closed);
  }

  /** Soon it will be another, which can drain. */
  drain(): void {}

  destroy(): void {
    this.#socket.destroy();
  }

  #decide(http: boolean | undefined): void {
    this.#leave();
    this.#decided({ http, said: this.#said });
  }

  #leave(): void {
    this.#cancel();
    this.#socket.off("data", this.#look).off("end", this.#ended).off("error", ignore).off("close", this.#closed);
  }

  readonly #look = (piece: Buffer): void => {
    this.#said = this.#said.length === 0 ? piece : Buffer.concat([this.#said, piece]);
    const http = beginsHttp1(this.#said);
    if (http !== undefined) this.#decide(http);
  };
  readonly #ended = (): void => this.#decide(false);
  readonly #closed = (): void => {
    this.#leave();
    this.#decided(undefined);
  };
}

const ignore = (): void => undefined;
