import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HttpError, property, serve } from "./http.ts";

interface PersonName {
  readonly firstName: string;
  readonly lastName: string;
}

const database = new DatabaseSync(join(property("DATA_DIR"), "consumers.db"));
database.exec(`
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS consumers (id INTEGER PRIMARY KEY AUTOINCREMENT, first_name TEXT NOT NULL, last_name TEXT NOT NULL);
`);
const insert = database.prepare("INSERT INTO consumers (first_name, last_name) VALUES (?, ?)");
const select = database.prepare("SELECT first_name, last_name FROM consumers WHERE id = ?");

function create(name: Partial<PersonName> | undefined): number {
  if (!name?.firstName || !name.lastName) throw new HttpError(400, "name.firstName and name.lastName are required");
  return Number(insert.run(name.firstName, name.lastName).lastInsertRowid);
}

function find(id: string): { readonly consumerId: number; readonly name: PersonName } {
  const row = select.get(Number(id));
  if (!row) throw new HttpError(404, `there is no consumer ${id}`);
  return { consumerId: Number(id), name: { firstName: String(row["first_name"]), lastName: String(row["last_name"]) } };
}

serve({
  name: "ftgo-consumer-service",
  version: property("SERVICE_VERSION"),
  host: property("HOST", "127.0.0.1"),
  port: Number(property("PORT", "8080")),
  health: () => void database.prepare("SELECT 1").get(),
  routes: [
    [
      "POST",
      "/consumers",
      ({ body }) => ({ status: 200, body: { consumerId: create((body as { name?: PersonName }).name) } }),
    ],
    ["GET", "/consumers/{consumerId}", ({ params }) => ({ status: 200, body: find(params["consumerId"] ?? "") })],
  ],
});
