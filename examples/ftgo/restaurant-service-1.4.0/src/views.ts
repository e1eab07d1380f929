import type { Request } from "./http.ts";
import type { Restaurant } from "./restaurants.ts";

/** Since 1.4.0 with the cheapest price: the rating of 1.3.0 went back to the drawing board. */
export function restaurantView(restaurant: Restaurant, _request: Request): unknown {
  const prices = restaurant.menuItems.map((item) => Number(item.price));
  return { id: restaurant.id, name: restaurant.name, dishes: prices.length, from: Math.min(...prices).toFixed(2) };
}

export function menuView(restaurant: Restaurant, _request: Request): unknown {
  return { menuItems: restaurant.menuItems };
}
