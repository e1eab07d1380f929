import { expect, test } from "vitest";
import { ColumnWriter, type ServerTable, tableLines, type TableStyle } from "./server-table.ts";

const table: ServerTable = {
  kind: "Table",
  columnDefinitions: [
    { name: "Name", priority: 0 },
    { name: "Ready", priority: 0 },
    { name: "Node", priority: 1 },
  ],
  rows: [
    { cells: ["web", 2, "n"], object: { metadata: { namespace: "shop", labels: { tier: "x", "a.b/app": "web" } } } },
    { cells: ["a\nb", null, "n\u001b[31m"], object: { metadata: { namespace: "shop" } } },
  ],
};
const plain: TableStyle = { wide: false, headers: true, namespaces: false, showLabels: false, labelColumns: [] };

const cases: readonly (readonly [sentence: string, change: Partial<TableStyle>, lines: readonly string[]])[] = [
  ["shows the columns that everyone sees", {}, ["NAME|READY", "web|2", "a...|"]],
  ["shows all when wide, without control characters", { wide: true }, ["NAME|READY|NODE", "web|2|n", "a...||n^[[31m"]],
  ["names the type", { type: "deployment.apps" }, ["NAME|READY", "deployment.apps/web|2", "deployment.apps/a...|"]],
  ["shows namespaces first", { namespaces: true }, ["NAMESPACE|NAME|READY", "shop|web|2", "shop|a...|"]],
  ["gives labels a column", { labelColumns: ["a.b/app", "no"] }, ["NAME|READY|APP|NO", "web|2|web|", "a...|||"]],
  ["shows all labels", { showLabels: true }, ["NAME|READY|LABELS", "web|2|a.b/app=web,tier=x", "a...||<none>"]],
];

test.each(cases)("%s", (_, change, lines) => {
  const { header, rows } = tableLines(table, table.columnDefinitions ?? [], { ...plain, ...change });
  expect([header, ...rows].map((line) => line.join("|"))).toEqual(lines);
});

test("columns are aligned, and stay so from one call to the next", () => {
  const writer = new ColumnWriter();
  expect(
    writer.write([
      ["NAME", "AGE"],
      ["a", "1s"],
    ]),
  ).toBe("NAME   AGE\na      1s\n");
  expect(writer.write([["longer-name", "1s"]])).toBe("longer-name   1s\n");
  expect(writer.write([["ä", "1s"]])).toBe("ä             1s\n");
});
