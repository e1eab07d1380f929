import { expect, test } from "vitest";
import { columnLines, parseColumns } from "./custom-columns.ts";
import { sortBy } from "./sort-by.ts";

const pod = (name: string, n?: number, ports: readonly number[] = []): Record<string, unknown> => ({
  metadata: { name },
  ...(n !== undefined && { n }),
  ports: ports.map((port) => ({ port })),
});
const names = (items: readonly object[]): readonly string[] =>
  items.map((item) => (item as { metadata: { name: string } }).metadata.name);

test("texts are sorted naturally, numbers by size, what has no value comes first", () => {
  const items = [pod("x10", 2), pod("x2", 10), pod("a1b"), pod("a", 1)];
  const by = (path: string): readonly string[] => names(sortBy(items, path, (item) => item));
  expect(by(".metadata.name")).toEqual(["a", "a1b", "x2", "x10"]);
  expect(by("{.metadata.name}")).toEqual(["a", "a1b", "x2", "x10"]);
  expect(by("n")).toEqual(["a1b", "a", "x10", "x2"]);
  expect(() => by(".n[")).toThrow("unexpected path string");
});

test("columns show what their paths lead to", () => {
  const objects = [pod("a", 1, [80, 81]), pod("b")] as never[];
  const columns = parseColumns("NAME:.metadata.name,N:n,PORTS:{.ports[*].port},META:.metadata");
  expect(columnLines(columns, objects, true)).toEqual([
    ["NAME", "N", "PORTS", "META"],
    ["a", "1", "80,81", "map[name:a]"],
    ["b", "<none>", "<none>", "map[name:b]"],
  ]);
  expect(columnLines(columns, objects, false)).toHaveLength(2);
});

test.each([
  ["", "custom-columns format specified but no custom columns given"],
  ["NAME", "unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>"],
])("columns %j are refused", (spec, message) => {
  expect(() => parseColumns(spec)).toThrow(message);
});
