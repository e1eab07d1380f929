import { config } from "./config.ts";
import { HttpError, type Request, serve } from "./http.ts";
import { type Address, type MenuItem, type Restaurant, Restaurants } from "./restaurants.ts";
import { menuView, restaurantView } from "./views.ts";

interface CreateRestaurant {
  readonly name?: string;
  readonly address?: Address;
  readonly menu?: { readonly menuItems?: readonly MenuItem[] };
}

const restaurants = new Restaurants(config.dataFolder);

function create({ body }: Request): number {
  const { name, address, menu } = body as CreateRestaurant;
  if (!name || !address || !menu?.menuItems) throw new HttpError(400, "name, address and menu.menuItems are required");
  return restaurants.add(name, address, menu.menuItems);
}

function find({ params }: Request): Restaurant {
  const restaurant = restaurants.find(Number(params["restaurantId"]));
  if (!restaurant) throw new HttpError(404, `there is no restaurant ${params["restaurantId"]}`);
  return restaurant;
}

serve({
  name: "ftgo-restaurant-service",
  ...config,
  health: () => restaurants.check(),
  routes: [
    ["POST", "/restaurants", (request) => ({ status: 200, body: { id: create(request) } })],
    [
      "GET",
      "/restaurants/{restaurantId}",
      (request) => ({ status: 200, body: restaurantView(find(request), request) }),
    ],
    ["GET", "/restaurants/{restaurantId}/menu", (request) => ({ status: 200, body: menuView(find(request), request) })],
  ],
});
