import { createServer } from "node:net";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { DemoFiles } from "./files.ts";

const ROOT = join(import.meta.dirname, "../../..");
let elsewhere = "";
let files: DemoFiles;
beforeEach(() => {
  elsewhere = mkdtempSync(join(tmpdir(), "sluice-demo-files-"));
  files = new DemoFiles(ROOT, elsewhere);
});
afterEach(() => {
  files[Symbol.dispose]();
  rmSync(elsewhere, { recursive: true, force: true });
});

interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { image: string; env: readonly object[] }[] } };
    readonly retry?: string;
    readonly smoke?: readonly object[];
  };
}
const read = (path: string): readonly Manifest[] =>
  parseAllDocuments(readFileSync(path, "utf8")).map((document) => document.toJS() as Manifest);

test("the folder is inside the package, and goes", () => {
  const { folder } = files;
  expect(folder.startsWith(join(ROOT, ".sluice-demo-"))).toBe(true);
  expect(files.shown(join(folder, "home"))).toMatch(/^\.sluice-demo-\w+\/home$/);
  files[Symbol.dispose]();
  expect(existsSync(folder)).toBe(false);
});

test("manifests are those of the examples, or with other ports when one of theirs is taken", async () => {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(30_084, "127.0.0.1", () => resolve(true));
  });
  try {
    // Whoever else has the port, it is taken.
    const { folder, ports } = await files.manifests();
    expect(folder).toBe(join(files.folder, "manifests"));
    expect(ports.restaurants).toBeGreaterThan(30_084);
    const text = readFileSync(join(folder, "ftgo-restaurant-service.yaml"), "utf8");
    expect(text).toContain(`nodePort: ${ports.restaurants}\n`);
    expect(text).not.toContain("30084");
  } finally {
    if (listening) server.close();
  }
});

test("the fixed manifest differs in image and one variable", () => {
  const examples = join(files.examples, "manifests");
  const fixed = read(files.fixedManifest(examples, "ftgo:2", { name: "FTGO_CURRENCY", value: "USD" }));
  const original = read(join(examples, "ftgo-restaurant-service.yaml"));
  expect(fixed.map(({ kind }) => kind)).toEqual(original.map(({ kind }) => kind));
  const containerOf = (manifests: readonly Manifest[]): { image: string; env: readonly object[] } =>
    manifests.find(({ kind }) => kind === "Deployment")!.spec.template.spec.containers[0]!;
  const { image, env, ...rest } = containerOf(fixed);
  const { image: _, env: before, ...same } = containerOf(original);
  expect({ image, env }).toEqual({ image: "ftgo:2", env: [...before, { name: "FTGO_CURRENCY", value: "USD" }] });
  expect(rest).toEqual(same);
});

test("the policy is the example's, with changes", () => {
  const [policy] = read(files.policy({ retry: "Never" }));
  expect(policy).toMatchObject({ kind: "ReleasePolicy", spec: { retry: "Never", smoke: [{ get: "/restaurants/1" }] } });
});
