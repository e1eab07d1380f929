import { createHash } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import { expect, test } from "vitest";
import { freeAddress, MeshHarness } from "../support/mesh-harness.ts";
import { seededRandom } from "../support/seeded-random.ts";

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

async function contentOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/**
 * Node's client and server with the mesh between them: many requests at once of all sizes, framings and paces, some broken off.
 * What arrives must be what was sent, and afterwards nothing must be left.
 */
test("whatever is sent arrives whole, and nothing is left behind", async () => {
  const random = seededRandom(42);
  const chance = (p: number): boolean => random.next() < p;
  const size = (): number => Math.floor(10 ** (random.next() * 5.5));
  const server = createServer({ keepAliveTimeout: 30 }, (asked, answer) => {
    asked.on("error", () => undefined);
    const way = asked.headers["x-way"];
    if (way === "stream") {
      // Both directions at once.
      answer.writeHead(200, { "x-way": "stream" });
      asked.pipe(answer);
      return;
    }
    void contentOf(asked).then(
      (content) => {
        const headers = { "x-digest": digest(content) };
        if (way === "length") answer.writeHead(200, { ...headers, "content-length": content.length });
        else answer.writeHead(200, { ...headers, trailer: "x-sum", ...(way === "close" && { connection: "close" }) });
        if (way !== "length") answer.addTrailers({ "x-sum": "1" });
        answer.end(content);
      },
      () => undefined,
    );
  });
  const backend = { address: freeAddress(), port: 8080 };
  server.listen(backend.port, backend.address);
  await once(server, "listening");
  const mesh = new MeshHarness();
  await mesh.apply({ web: [backend] });
  const agent = new Agent({ keepAlive: true, maxSockets: 12 });

  let whole = 0;
  const one = async (): Promise<void> => {
    const content = Buffer.alloc(chance(0.2) ? 0 : size(), Math.floor(random.next() * 256));
    const way = ["stream", "length", "chunked", "close"][Math.floor(random.next() * 4)] ?? "";
    const framing = chance(0.5) ? { "content-length": content.length } : { "transfer-encoding": "chunked" };
    const asked = request({
      host: mesh.address,
      port: mesh.port,
      agent,
      method: "PUT",
      headers: { "x-way": way, ...framing },
    });
    const answered = once(asked, "response") as Promise<[IncomingMessage]>;
    answered.catch(() => undefined);
    asked.on("error", () => undefined);
    const broken = chance(0.1);
    for (let at = 0; at < content.length; ) {
      const piece = content.subarray(at, at + 1 + Math.floor(random.next() * 70_000));
      at += piece.length;
      if (broken && chance(0.3)) return void asked.destroy();
      if (!asked.write(piece)) await Promise.race([once(asked, "drain"), once(asked, "close")]);
      if (chance(0.3)) await new Promise((resolve) => setImmediate(resolve));
    }
    asked.end();
    const [response] = await answered;
    if (broken && chance(0.5)) return void response.destroy();
    const back = await contentOf(response);
    expect(digest(back)).toBe(digest(content));
    if (way !== "stream") expect(response.headers["x-digest"]).toBe(digest(content));
    whole++;
  };
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let i = 0; i < 50; i++) await one();
    }),
  );
  expect(whole).toBeGreaterThan(400);
  agent.destroy();
  while (
    Object.entries(mesh.dataplane.gauges).some(
      ([name, value]) => /connections|flight/.test(name) && name !== "upstream_idle_connections" && value > 0,
    )
  )
    await new Promise((resolve) => setTimeout(resolve, 5));
  await mesh[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});
