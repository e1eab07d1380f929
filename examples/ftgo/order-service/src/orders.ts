import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Cents } from "./money.ts";

export type OrderState = "APPROVED" | "CANCELLED";

export interface LineItem {
  readonly menuItemId: string;
  readonly name: string;
  readonly price: Cents;
  readonly quantity: number;
}

export interface Order {
  readonly id: number;
  readonly consumerId: number;
  readonly restaurantId: number;
  readonly state: OrderState;
  readonly lineItems: readonly LineItem[];
}

export const totalOf = (lineItems: readonly LineItem[]): Cents =>
  lineItems.reduce((sum, item) => sum + item.price * item.quantity, 0);

/** All orders, in one SQLite file that every pod of this service shares. */
export class Orders {
  readonly #database: DatabaseSync;

  constructor(folder: string) {
    this.#database = new DatabaseSync(join(folder, "orders.db"));
    this.#database.exec(`
      PRAGMA busy_timeout = 5000;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY AUTOINCREMENT, consumer_id INTEGER NOT NULL, restaurant_id INTEGER NOT NULL, state TEXT NOT NULL, line_items TEXT NOT NULL);
    `);
  }

  add(order: Omit<Order, "id">): number {
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO orders (consumer_id, restaurant_id, state, line_items) VALUES (?, ?, ?, ?)")
      .run(order.consumerId, order.restaurantId, order.state, JSON.stringify(order.lineItems));
    return Number(lastInsertRowid);
  }

  find(id: number): Order | undefined {
    const row = this.#database.prepare("SELECT * FROM orders WHERE id = ?").get(id);
    if (!row) return undefined;
    return {
      id: Number(row["id"]),
      consumerId: Number(row["consumer_id"]),
      restaurantId: Number(row["restaurant_id"]),
      state: row["state"] as OrderState,
      lineItems: JSON.parse(String(row["line_items"])) as LineItem[],
    };
  }

  save(order: Order): void {
    this.#database
      .prepare("UPDATE orders SET state = ?, line_items = ? WHERE id = ?")
      .run(order.state, JSON.stringify(order.lineItems), order.id);
  }

  /** Throws when the database cannot be read. */
  check(): void {
    this.#database.prepare("SELECT 1").get();
  }
}
