import type { Request } from "./http.ts";
import type { Restaurant } from "./restaurants.ts";

/**
 * 1.3.0 is ready but wrong. It shows a rating that only real users have; for a fifth of their requests the rating cannot be
 * computed and the request fails. Probes never ask for it and test users have no rating, so no test before production sees it.
 */
function rating({ headers }: Request): number | undefined {
  if (headers["testuser"] !== undefined || headers["user-agent"]?.startsWith("sluice-")) return undefined;
  if (Math.random() < 0.2) throw new TypeError("Cannot read properties of undefined (reading 'stars')");
  return 4;
}

export function restaurantView(restaurant: Restaurant, request: Request): unknown {
  const stars = rating(request);
  return {
    id: restaurant.id,
    name: restaurant.name,
    dishes: restaurant.menuItems.length,
    ...(stars !== undefined && { stars }),
  };
}

export function menuView(restaurant: Restaurant, request: Request): unknown {
  const stars = rating(request);
  return { menuItems: restaurant.menuItems, ...(stars !== undefined && { stars }) };
}
