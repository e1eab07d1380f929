import { AppError } from "../../lib/app-error.ts";
import { formatGo } from "../../lib/go-format.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { JsonPath } from "../../lib/json-path.ts";
import { relaxedPath } from "./relaxed-path.ts";

interface Column {
  readonly header: string;
  readonly path: JsonPath;
}

/** The columns of `-o custom-columns=NAME:.metadata.name,PORT:.spec.ports[*].port`. Throws AppError `usage`. */
export function parseColumns(spec: string): readonly Column[] {
  if (spec === "") throw new AppError("usage", "custom-columns format specified but no custom columns given");
  return spec.split(",").map((part) => {
    const colon = part.indexOf(":");
    if (colon < 0)
      throw new AppError("usage", `unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    return { header: part.slice(0, colon), path: relaxedPath(part.slice(colon + 1)) };
  });
}

/** The lines of the table, that of the headers first when it is wanted. */
export function columnLines(
  columns: readonly Column[],
  objects: readonly JsonObject[],
  headers: boolean,
): readonly (readonly string[])[] {
  const rows = objects.map((object) => columns.map(({ path }) => cell(path, object)));
  return headers ? [columns.map(({ header }) => header), ...rows] : rows;
}

function cell(path: JsonPath, object: JsonObject): string {
  const values = path.find(object).filter((value) => value !== null);
  return values.length === 0 ? "<none>" : values.map(formatGo).join(",");
}
