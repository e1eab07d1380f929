import { parseJsonPath } from "../../lib/json-path.ts";
import type { JsonValue } from "../../lib/json.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import { formatAge } from "../../lib/age.ts";
import type { Column } from "../table/type-table.ts";
import { asText, type Cell } from "./cell.ts";

/**
 * The cell of a custom kind's column: the first value that its JSONPath leads to, null when there is none or it is of
 * another type than the column.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#additional-printer-columns
 */
export function customCell({ jsonPath = "", type }: Column): Cell {
  const path = parseJsonPath(jsonPath);
  return (object, now) => {
    const [value] = path.find(object);
    return value === undefined || value === null ? null : formatValue(type, value, now);
  };
}

function formatValue(type: string, value: JsonValue, now: number): JsonValue {
  switch (type) {
    case "string":
      return asText(value);
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? formatDate(value, now) : null;
    default:
      return null;
  }
}

function formatDate(value: string, now: number): string {
  const time = parseTimestamp(value);
  return time === undefined ? "<invalid>" : formatAge(now - time);
}
