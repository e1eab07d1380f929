import type { Request } from "./http.ts";
import type { Restaurant } from "./restaurants.ts";

/** Since 1.1.0 with the number of dishes. */
export function restaurantView(restaurant: Restaurant, _request: Request): unknown {
  return { id: restaurant.id, name: restaurant.name, dishes: restaurant.menuItems.length };
}

export function menuView(restaurant: Restaurant, _request: Request): unknown {
  return { menuItems: restaurant.menuItems };
}
