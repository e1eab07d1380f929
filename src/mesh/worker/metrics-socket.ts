import { rmSync } from "node:fs";
import { createServer, type Server } from "node:net";

/** Answers whatever comes with the metrics, over HTTP on a unix socket: `curl --unix-socket run/mesh-1.metrics.sock http://mesh/metrics`. */
export class MetricsSocket implements Disposable {
  readonly #server: Server;

  constructor(text: () => string) {
    this.#server = createServer((socket) => {
      socket
        .on("error", () => undefined)
        .once("data", () => {
          const content = Buffer.from(text());
          const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: ${content.length}\r\nConnection: close\r\n\r\n`;
          socket.end(Buffer.concat([Buffer.from(head), content]));
        });
    });
  }

  async start(path: string): Promise<void> {
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}
