import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = import.meta.dirname;
const services = ["restaurant-service", "consumer-service", "order-service", "api-gateway"];
const data = mkdtempSync(join(tmpdir(), "ftgo-"));
const children: ChildProcess[] = [];

/** Starts a service on a port of the kernel's choice; resolves with its address when it says that it listens. */
function start(service: string, env: Record<string, string> = {}): Promise<string> {
  const child = spawn(process.execPath, [join(folder, service, "src/server.ts")], {
    env: { HOST: "127.0.0.1", PORT: "0", DATA_DIR: data, SERVICE_VERSION: "1.0.0.RELEASE", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`${service} ended with ${code}`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      const match = /listens on (\S+)/.exec(String(chunk));
      if (match) resolve(`http://${match[1]}`);
    });
  });
}

let gateway = "";
let restaurants = "";
const post = async (url: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> => {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body), headers: { testuser: "t" } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

beforeAll(async () => {
  restaurants = await start("restaurant-service");
  const consumers = await start("consumer-service");
  const orders = await start("order-service", { CONSUMER_SERVICE_URL: consumers, RESTAURANT_SERVICE_URL: restaurants });
  gateway = await start("api-gateway", {
    ORDER_DESTINATIONS_ORDERSERVICEURL: orders,
    CONSUMER_DESTINATIONS_CONSUMERSERVICEURL: consumers,
  });
});

afterAll(() => {
  for (const child of children) child.kill();
  rmSync(data, { recursive: true, force: true });
});

test("the services share http.ts to the letter", () => {
  const copies = services.map((service) => readFileSync(join(folder, service, "src/http.ts"), "utf8"));
  expect(new Set(copies).size).toBe(1);
});

test("an order placed through the gateway has the price of the restaurant's menu", async () => {
  const address = { street1: "1 Main Street", city: "Oakland", state: "CA", zip: "94611" };
  const menu = { menuItems: [{ id: "1", name: "Chicken Vindaloo", price: "12.34" }] };
  const { body: restaurant } = await post(`${restaurants}/restaurants`, { name: "Ajanta", address, menu });
  const { body: consumer } = await post(`${gateway}/consumers`, { name: { firstName: "Mary", lastName: "Smith" } });
  const lineItems = [{ menuItemId: "1", quantity: 5 }];
  const order = { consumerId: consumer["consumerId"], restaurantId: restaurant["id"], lineItems };
  const placed = await post(`${gateway}/orders`, order);
  expect(placed.status).toBe(200);
  const { orderId } = placed.body as { orderId: number };
  const seen = await (await fetch(`${gateway}/orders/${orderId}`)).json();
  expect(seen).toEqual({ orderInfo: { orderId, state: "APPROVED" } });
  const revised = await post(`${gateway}/orders/${orderId}/revise`, {
    revisedOrderLineItems: [{ menuItemId: "1", quantity: 10 }],
  });
  expect(revised.body).toEqual({ orderId, state: "APPROVED", orderTotal: "123.40" });
  const cancelled = await post(`${gateway}/orders/${orderId}/cancel`, {});
  expect(cancelled.body["state"]).toBe("CANCELLED");
});

test("a restaurant without a menu is refused, an unknown one is not found", async () => {
  expect((await post(`${restaurants}/restaurants`, { name: "Nowhere" })).status).toBe(400);
  expect((await fetch(`${restaurants}/restaurants/999`)).status).toBe(404);
  expect((await fetch(`${restaurants}/actuator/health`)).status).toBe(200);
});

test("requests of testers are counted apart from those of users", async () => {
  const before = (await (await fetch(`${restaurants}/actuator/requests`)).json()) as { users: number; testers: number };
  await fetch(`${restaurants}/restaurants/999`);
  await fetch(`${restaurants}/restaurants/999`, { headers: { testuser: "yes" } });
  await fetch(`${restaurants}/restaurants/999`, { headers: { "user-agent": "sluice-smoke" } });
  const after = await (await fetch(`${restaurants}/actuator/requests`)).json();
  expect(after).toMatchObject({ users: before.users + 1, testers: before.testers + 1 });
});
