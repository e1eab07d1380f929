import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { silentLogger } from "../../observe/logger.ts";
import type { PeerMessage } from "../session/gatekeeper.ts";
import { Peers } from "./peers.ts";

const message = (session: string): PeerMessage => ({ kind: "trip", trip: { session, time: "2026-01-01T00:00:00Z" } });

describe("Peers", () => {
  let folder: string;
  const open: Peers[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-peers-"));
  });
  afterEach(() => {
    for (const peers of open.splice(0)) peers[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Worker {
    readonly peers: Peers;
    readonly heard: string[];
  }
  async function start(name: string, says: readonly PeerMessage[] = [], clock = new FakeClock()): Promise<Worker> {
    const heard: string[] = [];
    const peers = new Peers({
      folder,
      name,
      clock,
      log: silentLogger,
      heard: (m) => void heard.push(m.kind === "trip" ? m.trip.session : m.session),
      everything: () => says,
    });
    open.push(peers);
    await peers.start();
    return { peers, heard };
  }
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
  };

  test("find each other, whoever comes first, and tell all others", async () => {
    const workers = [await start("mesh-1"), await start("mesh-2"), await start("mesh-3")];
    await until(() => workers.every(({ peers }) => peers.connected === 2));
    workers[0]?.peers.tell(message("a"));
    await until(() => workers.slice(1).every(({ heard }) => heard.length === 1));
    expect(workers.map(({ heard }) => heard)).toEqual([[], ["a"], ["a"]]);
  });

  test("tell one that comes later everything", async () => {
    await start("mesh-1", [message("a"), message("b")]);
    const late = await start("mesh-2");
    await until(() => late.heard.length === 2);
    expect(late.heard).toEqual(["a", "b"]);
  });

  test("find one again that was gone", async () => {
    const clock = new FakeClock();
    const one = await start("mesh-1", [message("a")], clock);
    const gone = await start("mesh-2");
    await until(() => one.peers.connected === 1);
    gone.peers[Symbol.dispose]();
    await until(() => one.peers.connected === 0);
    const back = await start("mesh-2");
    await clock.advance(500);
    await until(() => back.heard.length > 0);
    expect(back.heard).toEqual(["a"]);
  });

  test("do not keep what one leaves unread: it hears everything when it is back", async () => {
    const clock = new FakeClock();
    const deaf = createServer((socket) => void socket.pause().on("error", () => undefined));
    await new Promise<void>((resolve) => deaf.listen(join(folder, "mesh-2.peer.sock"), resolve));
    const one = await start("mesh-1", [message("a")], clock);
    await until(() => one.peers.connected === 1);
    for (let told = 0; one.peers.connected === 1; told++) {
      one.peers.tell(message("x".repeat(10_000)));
      if (told % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(told).toBeLessThan(1_000);
    }
    deaf.close();
    const back = await start("mesh-2");
    await clock.advance(500);
    await until(() => back.heard.length > 0);
    expect(back.heard).toEqual(["a"]);
  });

  test("a socket that nobody listens on, nonsense and endless lines do no harm", async () => {
    const one = await start("mesh-1");
    const stranger = connect(join(folder, "mesh-1.peer.sock"));
    stranger.on("error", () => undefined).write("nonsense\n{}\n");
    const talker = connect(join(folder, "mesh-1.peer.sock"));
    const cut = new Promise((resolve) => talker.on("error", () => undefined).on("close", resolve));
    talker.write("x".repeat(1_100_000));
    await cut;
    const two = await start("mesh-2");
    await until(() => two.peers.connected === 1);
    two.peers.tell(message("a"));
    await until(() => one.heard.includes("a"));
    stranger.destroy();
  });
});
