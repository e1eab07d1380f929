import { createServer, type Server } from "node:net";

/** A loopback address and port that stand for something else, which engines must not share. */
export interface ClaimPlace {
  readonly host: string;
  readonly port: number;
}

/**
 * Takes part in a claim by listening. Every process of an engine holds it (`shared`: SO_REUSEPORT), so that it outlives a killed
 * control process; a new engine asks for it alone and is refused while anyone holds it. Undefined when refused.
 */
export function claim(place: ClaimPlace, shared: boolean): Promise<Disposable | undefined> {
  return new Promise((resolve) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(undefined));
    server.listen({ ...place, reusePort: shared }, () => {
      server.unref();
      resolve({ [Symbol.dispose]: () => void server.close() });
    });
  });
}
