import { Command } from "commander";
import { expect, test } from "vitest";
import { normaliseArguments } from "./arguments.ts";

const root = new Command("sluice");
root.command("get").option("-w, --watch").option("-o, --output <format>").option("--dry-run <how>");
root.command("delete").option("--no-wait").option("--cascade <how>");

const cases: readonly (readonly [given: string, normal: string])[] = [
  ["get pods -w", "get pods -w"],
  ["get pods --watch=true --output=json", "get pods --watch --output=json"],
  ["get pods --watch=false", "get pods"],
  ["delete x --wait=false", "delete x --no-wait"],
  ["delete x --wait=T", "delete x"],
  ["get --dry-run pods", "get --dry-run=client pods"],
  ["delete --cascade x", "delete --cascade=background x"],
  ["get --watch=perhaps --other=true", "get --watch=perhaps --other=true"],
  ["get -- --watch=true --dry-run", "get -- --watch=true --dry-run"],
];

test.each(cases)("%s → %s", (given, normal) => {
  expect(normaliseArguments(given.split(" "), root)).toEqual(normal.split(" "));
});
