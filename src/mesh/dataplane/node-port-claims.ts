import { connect, createServer, type Server } from "node:net";

/** The address of NodePorts, which all engines of this machine share. */
export const NODE_ADDRESS = "127.0.0.1";

/**
 * Who has which NodePort on this machine. Workers share a port (SO_REUSEPORT), and the kernel would let those of two engines do so,
 * and give the users of one to the other. So the first worker that wants a port takes a name for it, an abstract unix socket, which
 * dies with its holder (unix(7)) and says to whom it belongs; the others listen when that is their own engine.
 */
export class NodePortClaims implements Disposable {
  readonly #engine: string;
  readonly #held = new Map<number, Server>();

  /** `engine`: tells engines apart. */
  constructor(engine: string) {
    this.#engine = engine;
  }

  /** False when the port is another engine's. */
  async take(port: number): Promise<boolean> {
    if (this.#held.has(port)) return true;
    const name = `\0sluice-node-port-${port}`;
    if (await this.#hold(port, name)) return true;
    const holder = await ask(name);
    // A holder that has died in between leaves the name to us.
    return holder === undefined ? this.#hold(port, name) : holder === this.#engine;
  }

  release(port: number): void {
    this.#held.get(port)?.close();
    this.#held.delete(port);
  }

  [Symbol.dispose](): void {
    for (const port of this.#held.keys()) this.release(port);
  }

  #hold(port: number, name: string): Promise<boolean> {
    return new Promise((resolve) => {
      const server = createServer((socket) => socket.on("error", () => undefined).end(this.#engine));
      server.once("error", () => resolve(false));
      server.listen(name, () => {
        server.unref();
        this.#held.set(port, server);
        resolve(true);
      });
    });
  }
}

/** What the holder of a name says; undefined when there is none. */
function ask(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(name);
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    socket.once("error", () => resolve(undefined)).once("end", () => resolve(text));
    socket.once("close", () => resolve(undefined));
  });
}
