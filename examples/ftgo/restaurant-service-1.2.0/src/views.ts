import { config } from "./config.ts";
import type { Request } from "./http.ts";
import type { Restaurant } from "./restaurants.ts";

export function restaurantView(restaurant: Restaurant, _request: Request): unknown {
  return { id: restaurant.id, name: restaurant.name, dishes: restaurant.menuItems.length };
}

/** Since 1.2.0 with the currency of the prices. */
export function menuView(restaurant: Restaurant, _request: Request): unknown {
  return { menuItems: restaurant.menuItems, currency: config.currency };
}
