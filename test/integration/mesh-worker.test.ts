import { get } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Backend, ok } from "../support/mesh-harness.ts";
import { MeshWorld } from "../support/mesh-world.ts";

let world: MeshWorld;
beforeEach(async () => {
  world = await MeshWorld.start();
});
afterEach(() => world[Symbol.asyncDispose]());

const fetchText = (address: string, port: number, path = "/"): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: address, port, path, agent: false }, (response) => {
      let text = "";
      response
        .setEncoding("utf8")
        .on("data", (piece: string) => (text += piece))
        .on("end", () => resolve(`${response.statusCode} ${text}`));
    }).on("error", reject);
  });

describe("a worker", () => {
  test("serves what the API says, and says since when", async () => {
    const backend = await Backend.answering(() => ok("hello"));
    const address = await world.service("web", { type: "NodePort", ports: [{ name: "http", port: 80 }] });
    await world.endpoints("web", [backend]);
    await world.startWorker("mesh-1");
    expect(await fetchText(address, 80)).toBe("200 hello");
    const second = await world.service("late");
    const version = await world.endpoints("late", [backend]);
    const status = await world.until("mesh-1", ({ applied }) => Number(applied?.["endpointslices"]) >= Number(version));
    expect(await fetchText(second, 80)).toBe("200 hello");
    expect(status).toMatchObject({ leaseSeconds: 3, refused: [], draining: [] });
    await backend[Symbol.asyncDispose]();
  });
});
