import { AppError } from "../../lib/app-error.ts";
import { newConsumer, newOrder, newRestaurant } from "./load/plan.ts";
import type { Ports } from "./files.ts";

/** FTGO as its users see it, over HTTP. */
export class Ftgo {
  readonly gateway: string;
  readonly restaurants: string;

  constructor({ gateway, restaurants }: Ports) {
    this.gateway = `http://127.0.0.1:${gateway}`;
    this.restaurants = `http://127.0.0.1:${restaurants}`;
  }

  async addRestaurant(name: string): Promise<number> {
    return numberIn(await post(`${this.restaurants}/restaurants`, newRestaurant(name)), "id");
  }

  async addConsumer(): Promise<number> {
    return numberIn(await post(`${this.gateway}/consumers`, newConsumer()), "consumerId");
  }

  async placeOrder(consumerId: number, restaurantId: number): Promise<number> {
    return numberIn(await post(`${this.gateway}/orders`, newOrder(consumerId, restaurantId)), "orderId");
  }

  /** The version that shows a restaurant to somebody with these headers. */
  async versionFor(restaurantId: number, headers: Readonly<Record<string, string>>): Promise<string> {
    const response = await fetch(`${this.restaurants}/restaurants/${restaurantId}`, { headers });
    await response.arrayBuffer();
    if (!response.ok) throw new AppError("demo", `GET /restaurants/${restaurantId} answered ${response.status}`);
    return response.headers.get("ftgo-version") ?? "";
  }
}

/** How many requests a pod of FTGO says that it has had, asked at its own address and so past the mesh. */
export interface PodCounts {
  readonly users: number;
  readonly testers: number;
  readonly failed: number;
}

export async function countsOfPod(address: string): Promise<PodCounts> {
  const response = await fetch(`http://${address}:8080/actuator/requests`);
  return (await response.json()) as PodCounts;
}

async function post(url: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", "x-user-id": "demo" },
  });
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  if (!response.ok) throw new AppError("demo", `POST ${url} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}

function numberIn(answer: Readonly<Record<string, unknown>>, name: string): number {
  const value = Number(answer[name]);
  if (!Number.isInteger(value)) throw new AppError("demo", `an answer has no ${name}: ${JSON.stringify(answer)}`);
  return value;
}
