import type { Random } from "../../../lib/random.ts";

/** What the load is made of. */
export interface LoadPlan {
  /** Requests a second, sent on time whether or not earlier ones were answered. */
  readonly rate: number;
  readonly users: number;
  /** Base URLs. */
  readonly gateway: string;
  readonly restaurants: string;
  /** Share of requests on a connection of their own, the rest share keep-alive connections. */
  readonly freshConnections: number;
  /** Identifiers made beforehand. */
  readonly restaurantIds: readonly number[];
  readonly consumerIds: readonly number[];
  readonly orderIds: readonly number[];
}

export interface PlannedRequest {
  readonly operation: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly body?: unknown;
  readonly user: string;
  readonly fresh: boolean;
}

const ADDRESS = { street1: "1 Main Street", city: "Oakland", state: "CA", zip: "94611" };

type Make = (plan: LoadPlan, pick: <T>(from: readonly T[]) => T) => Omit<PlannedRequest, "user" | "fresh">;

/** Operations with their shares: four reads to one write, nine of ten to the restaurant service. */
const OPERATIONS: readonly (readonly [share: number, make: Make])[] = [
  [0.5, (plan, pick) => get("show restaurant", `${plan.restaurants}/restaurants/${pick(plan.restaurantIds)}`)],
  [0.25, (plan, pick) => get("show menu", `${plan.restaurants}/restaurants/${pick(plan.restaurantIds)}/menu`)],
  [0.1, (plan) => post("add restaurant", `${plan.restaurants}/restaurants`, newRestaurant("Load & Sons"))],
  [0.05, (plan, pick) => get("show order", `${plan.gateway}/orders/${pick(plan.orderIds)}`)],
  [
    0.08,
    (plan, pick) =>
      post("place order", `${plan.gateway}/orders`, newOrder(pick(plan.consumerIds), pick(plan.restaurantIds))),
  ],
  [0.02, (plan) => post("add consumer", `${plan.gateway}/consumers`, newConsumer())],
];

/** The next request: a random operation of a random user. */
export function nextRequest(plan: LoadPlan, random: Random): PlannedRequest {
  let draw = random.next();
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.next() * from.length)] as T;
  const [, make] = OPERATIONS.find(([share]) => (draw -= share) < 0) ?? (OPERATIONS[0] as (typeof OPERATIONS)[0]);
  const user = `user-${Math.floor(random.next() * plan.users)}`;
  return { ...make(plan, pick), user, fresh: random.next() < plan.freshConnections };
}

export const newRestaurant = (name: string): unknown => ({
  name,
  address: ADDRESS,
  menu: {
    menuItems: [
      { id: "1", name: "Chicken Vindaloo", price: "12.34" },
      { id: "2", name: "Naan", price: "2.50" },
    ],
  },
});

export const newConsumer = (): unknown => ({ name: { firstName: "Mary", lastName: "Smith" } });

export const newOrder = (consumerId: number, restaurantId: number): unknown => ({
  consumerId,
  restaurantId,
  lineItems: [{ menuItemId: "1", quantity: 2 }],
});

const get = (operation: string, url: string): Omit<PlannedRequest, "user" | "fresh"> => ({
  operation,
  method: "GET",
  url,
});
const post = (operation: string, url: string, body: unknown): Omit<PlannedRequest, "user" | "fresh"> => ({
  operation,
  method: "POST",
  url,
  body,
});
