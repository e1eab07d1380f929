import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface Address {
  readonly street1: string;
  readonly street2?: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
}

export interface MenuItem {
  readonly id: string;
  readonly name: string;
  /** A decimal as text: "12.34". */
  readonly price: string;
}

export interface Restaurant {
  readonly id: number;
  readonly name: string;
  readonly address: Address;
  readonly menuItems: readonly MenuItem[];
}

/** All restaurants with their menus, in one SQLite file that every pod and every version of this service shares. */
export class Restaurants {
  readonly #database: DatabaseSync;

  constructor(folder: string) {
    this.#database = new DatabaseSync(join(folder, "restaurants.db"));
    this.#database.exec(`
      PRAGMA busy_timeout = 5000;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS restaurants (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, address TEXT NOT NULL, menu TEXT NOT NULL);
    `);
  }

  add(name: string, address: Address, menuItems: readonly MenuItem[]): number {
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO restaurants (name, address, menu) VALUES (?, ?, ?)")
      .run(name, JSON.stringify(address), JSON.stringify(menuItems));
    return Number(lastInsertRowid);
  }

  find(id: number): Restaurant | undefined {
    const row = this.#database.prepare("SELECT id, name, address, menu FROM restaurants WHERE id = ?").get(id);
    if (!row) return undefined;
    return {
      id: Number(row["id"]),
      name: String(row["name"]),
      address: JSON.parse(String(row["address"])) as Address,
      menuItems: JSON.parse(String(row["menu"])) as MenuItem[],
    };
  }

  /** Throws when the database cannot be read. */
  check(): void {
    this.#database.prepare("SELECT 1").get();
  }
}
