import { HttpError, passedOn, property, type Reply, type Request, serve } from "./http.ts";

const orders = property("ORDER_DESTINATIONS_ORDERSERVICEURL", "http://ftgo-order-service:8080");
const consumers = property("CONSUMER_DESTINATIONS_CONSUMERSERVICEURL", "http://ftgo-consumer-service:8080");

/** Sends the request on as it is and answers with what came back. */
async function forward(url: string, method: string, request: Request): Promise<Reply> {
  const body = method === "GET" ? {} : { body: JSON.stringify(request.body) };
  const headers = { ...passedOn(request.headers), "content-type": "application/json" };
  let response: Response;
  try {
    response = await fetch(url, { method, headers, ...body, signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    throw new HttpError(502, `${url}: ${(error as Error).message}`);
  }
  return { status: response.status, body: await response.json() };
}

/** `GET /orders/{orderId}`: the API composition of the book; kitchen, delivery and accounting come with their services. */
async function orderDetails(request: Request): Promise<Reply> {
  const reply = await forward(`${orders}/orders/${request.params["orderId"]}`, "GET", request);
  if (reply.status !== 200) return reply;
  const { orderId, state } = reply.body as { readonly orderId: number; readonly state: string };
  return { status: 200, body: { orderInfo: { orderId, state } } };
}

serve({
  name: "ftgo-api-gateway",
  version: property("SERVICE_VERSION"),
  host: property("HOST", "127.0.0.1"),
  port: Number(property("PORT", "8080")),
  health: () => undefined,
  routes: [
    ["POST", "/consumers", (request) => forward(`${consumers}/consumers`, "POST", request)],
    ["PUT", "/consumers", (request) => forward(`${consumers}/consumers`, "PUT", request)],
    ["POST", "/orders", (request) => forward(`${orders}/orders`, "POST", request)],
    ["PUT", "/orders", (request) => forward(`${orders}/orders`, "PUT", request)],
    ["GET", "/orders/{orderId}", orderDetails],
    [
      "POST",
      "/orders/{orderId}/cancel",
      (request) => forward(`${orders}/orders/${request.params["orderId"]}/cancel`, "POST", request),
    ],
    [
      "POST",
      "/orders/{orderId}/revise",
      (request) => forward(`${orders}/orders/${request.params["orderId"]}/revise`, "POST", request),
    ],
  ],
});
