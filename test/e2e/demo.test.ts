import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ACTS } from "../../src/cli/demo/story.ts";
import type { Report } from "../../src/cli/demo/report.ts";
import { type CommandResult, sluice } from "../support/engine-under-test.ts";
import { processesWith } from "../support/processes.ts";

/** The story as a stranger sees it: `sluice demo --report`, each act with the claims that it checks from outside. */

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "sluice-demo-test-"));
const file = join(folder, "report.json");
let result: CommandResult;
let report: Report;

beforeAll(async () => {
  result = await sluice(join(folder, "nobody"), "demo", "--report", file);
  report = JSON.parse(readFileSync(file, "utf8")) as Report;
}, 400_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(ACTS.map(({ name }, index) => ({ name, index })))("act $name", ({ name, index }) => {
  test("every claim holds", () => {
    const act = report.acts[index];
    expect(act?.name).toBe(name);
    expect(act?.claims.length).toBeGreaterThan(3);
    expect(act?.claims.filter(({ ok }) => !ok)).toEqual([]);
  });

  test("has its figures from requests that were sent", () => {
    const { sent = 0, failed = 0, usersHit = 0, seconds = 0 } = report.acts[index] ?? {};
    expect(sent).toBeGreaterThan(0);
    expect(failed).toBeLessThanOrEqual(index === 3 ? 12 : 0);
    expect(usersHit).toBeLessThanOrEqual(failed);
    expect(seconds).toBeGreaterThan(0);
  });
});

test("the exit code says that all of them hold", () => {
  expect(result).toMatchObject({ code: 0, stderr: "" });
  expect(result.stdout).toContain("Every claim holds.");
});

test("nothing is left behind", () => {
  expect(readdirSync(ROOT).filter((name) => name.startsWith(".sluice-demo-"))).toEqual([]);
  expect(existsSync(join(folder, "nobody"))).toBe(false);
  expect(processesWith(".sluice-demo-")).toEqual([]);
});
