import type { Request } from "./http.ts";
import type { Restaurant } from "./restaurants.ts";

/** What `GET /restaurants/{id}` shows. */
export function restaurantView(restaurant: Restaurant, _request: Request): unknown {
  return { id: restaurant.id, name: restaurant.name };
}

/** What `GET /restaurants/{id}/menu` shows. */
export function menuView(restaurant: Restaurant, _request: Request): unknown {
  return { menuItems: restaurant.menuItems };
}
