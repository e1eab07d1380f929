import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const planted: string[] = [];

/** What the linter says of a file planted at `path`. */
function lint(path: string, source: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, source);
  planted.push(file);
  try {
    return execFileSync(join(root, "node_modules/.bin/oxlint"), [path], { cwd: root, encoding: "utf8" });
  } catch (error) {
    return String((error as { stdout?: string }).stdout);
  }
}

afterEach(() => {
  for (const file of planted.splice(0)) rmSync(file, { force: true });
});

test.each([
  ["a plan that reads the clock", "src/plan/planted.ts", "export const at: number = Date.now();\n", "Clock"],
  ["a plan that waits", "src/plan/planted.ts", "setTimeout(() => undefined, 1);\n", "setTimeout"],
  ["a plan that reads a file", "src/plan/planted.ts", 'import "node:fs";\n', "no effects"],
  [
    "chance that is not injected",
    "src/mesh/planted.ts",
    "export const draw: number = Math.random();\n",
    "inject Random",
  ],
  ["lib that knows the API", "src/lib/planted.ts", 'import "../api/object.ts";\n', "may import"],
  ["a plan that reads the store", "src/plan/planted.ts", 'import "../store/store.ts";\n', "may import"],
  ["controllers that call the mesh", "src/controllers/planted.ts", 'import "../mesh/worker.ts";\n', "may import"],
  [
    "a mesh that calls the release controller",
    "src/mesh/planted.ts",
    'import "../release/controller.ts";\n',
    "may import",
  ],
  ["a store that knows its server", "src/store/planted.ts", 'import "../apiserver/http.ts";\n', "may import"],
  ["a part that starts the program", "src/cli/planted.ts", 'import "../main/cli.ts";\n', "may import"],
  [
    "a forgotten promise",
    "src/client/planted.ts",
    "export async function f(): Promise<void> {}\nf();\n",
    "no-floating-promises",
  ],
  [
    "environment variables anywhere",
    "src/node/planted.ts",
    'export const home: string | undefined = process.env["HOME"];\n',
    "no-process-env",
  ],
])("the linter refuses %s", (_, path, source, complaint) => {
  expect(lint(path, source)).toContain(complaint);
});

test("the linter has nothing against an import downwards", () => {
  expect(lint("src/plan/planted.ts", 'import "../api/object.ts";\n')).not.toContain("may import");
});
