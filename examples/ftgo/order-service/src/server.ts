import { HttpError, passedOn, property, type Request, serve } from "./http.ts";
import { formatMoney, parseMoney } from "./money.ts";
import { type LineItem, type Order, Orders, totalOf } from "./orders.ts";
import { fetchJson } from "./remote.ts";

interface CreateOrder {
  readonly consumerId?: number;
  readonly restaurantId?: number;
  readonly lineItems?: readonly { readonly menuItemId: string; readonly quantity: number }[];
}

interface ReviseOrder {
  readonly revisedOrderLineItems?: readonly { readonly menuItemId: string; readonly quantity: number }[];
}

interface Menu {
  readonly menuItems: readonly { readonly id: string; readonly name: string; readonly price: string }[];
}

const consumers = property("CONSUMER_SERVICE_URL", "http://ftgo-consumer-service:8080");
const restaurants = property("RESTAURANT_SERVICE_URL", "http://ftgo-restaurant-service:8080");
const orders = new Orders(property("DATA_DIR"));

/** Placing an order asks the consumer service whether the consumer exists and the restaurant service for its menu. */
async function create({ body, headers }: Request): Promise<number> {
  const { consumerId, restaurantId, lineItems } = body as CreateOrder;
  if (!consumerId || !restaurantId || !lineItems?.length)
    throw new HttpError(400, "consumerId, restaurantId and lineItems are required");
  const [consumer, menu] = await Promise.all([
    fetchJson(`${consumers}/consumers/${consumerId}`, passedOn(headers)),
    fetchJson<Menu>(`${restaurants}/restaurants/${restaurantId}/menu`, passedOn(headers)),
  ]);
  if (!consumer) throw new HttpError(400, `there is no consumer ${consumerId}`);
  if (!menu) throw new HttpError(400, `there is no restaurant ${restaurantId}`);
  const items = lineItems.map(({ menuItemId, quantity }) => lineItem(menu, menuItemId, quantity));
  return orders.add({ consumerId, restaurantId, state: "APPROVED", lineItems: items });
}

function lineItem(menu: Menu, menuItemId: string, quantity: number): LineItem {
  const item = menu.menuItems.find(({ id }) => id === menuItemId);
  if (!item) throw new HttpError(400, `the menu has no item ${menuItemId}`);
  if (!Number.isInteger(quantity) || quantity < 1) throw new HttpError(400, "a quantity is a whole number from 1");
  return { menuItemId, name: item.name, price: parseMoney(item.price), quantity };
}

function find({ params }: Request): Order {
  const order = orders.find(Number(params["orderId"]));
  if (!order) throw new HttpError(404, `there is no order ${params["orderId"]}`);
  return order;
}

function cancel(request: Request): Order {
  const order = { ...find(request), state: "CANCELLED" as const };
  orders.save(order);
  return order;
}

function revise(request: Request): Order {
  const order = find(request);
  const revised = new Map((request.body as ReviseOrder).revisedOrderLineItems?.map((i) => [i.menuItemId, i.quantity]));
  const lineItems = order.lineItems.map((item) => ({
    ...item,
    quantity: revised.get(item.menuItemId) ?? item.quantity,
  }));
  const changed = { ...order, lineItems };
  orders.save(changed);
  return changed;
}

const view = (order: Order): unknown => ({
  orderId: order.id,
  state: order.state,
  orderTotal: formatMoney(totalOf(order.lineItems)),
});

serve({
  name: "ftgo-order-service",
  version: property("SERVICE_VERSION"),
  host: property("HOST", "127.0.0.1"),
  port: Number(property("PORT", "8080")),
  health: () => orders.check(),
  routes: [
    ["POST", "/orders", async (request) => ({ status: 200, body: { orderId: await create(request) } })],
    ["GET", "/orders/{orderId}", (request) => ({ status: 200, body: view(find(request)) })],
    ["POST", "/orders/{orderId}/cancel", (request) => ({ status: 200, body: view(cancel(request)) })],
    ["POST", "/orders/{orderId}/revise", (request) => ({ status: 200, body: view(revise(request)) })],
  ],
});
