import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { isPortFree } from "../../src/engine/free-port.ts";
import { readRecord } from "../../src/engine/process-record.ts";
import { EngineUnderTest, eventually, sluice } from "../support/engine-under-test.ts";

/** Good and bad days of the engine's processes, seen through `sluice up`, `status` and `down`. */

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

const engine = async (...args: readonly string[]): Promise<EngineUnderTest> =>
  stack.use(await EngineUnderTest.start(...args));

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "sluice-e2e-"));
  stack.defer(() => {
    chmodSync(path, 0o700);
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

describe("an engine", () => {
  test("is up, tells how to kill it, and comes back from that by itself", async () => {
    const one = await engine();
    const status = await one.status();
    expect(status).toMatchObject({
      ready: true,
      api: { url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/) as string },
    });
    expect(status.processes.map(({ name }) => name).slice(0, 3)).toEqual(["control", "mesh-1", "mesh-2"]);
    await one.sluice("apply", "-f", "examples/ftgo/manifests/ftgo-consumer-service.yaml");
    for (const { name } of status.processes) await one.kill(name);
    expect(await one.sluice("get", "deployments", "-o", "name")).toBe("deployment.apps/ftgo-consumer-service\n");
    expect(await one.status()).toMatchObject({ ready: true });
  });

  test("up on one that runs changes nothing; on one that is half dead it mends what is missing", async () => {
    const one = await engine();
    const before = await one.status();
    await one.sluice("up");
    expect(await one.status()).toEqual(before);
    const { respawner, pid } = readRecord(join(one.home, "run"), "mesh-2");
    for (const each of [respawner, pid]) process.kill(each!, "SIGKILL");
    await eventually("mesh-2 is seen to be down", async () => !(await one.status()).ready);
    await one.sluice("up");
    const after = await one.status();
    expect(after.ready).toBe(true);
    expect(after.processes.map(({ name }) => name)).toEqual(before.processes.map(({ name }) => name));
    expect(after.processes[0]).toEqual(before.processes[0]);
  });

  test("a process that hangs is killed, and comes back", async () => {
    const one = await engine();
    const worker = await one.pid("mesh-2");
    process.kill(worker, "SIGSTOP");
    await eventually("there is another worker", async () =>
      (await one.status()).processes.some(
        ({ name, pid, phase }) => name === "mesh-2" && pid !== worker && phase === "ready",
      ),
    );
    expect(one.log("control")).toContain(`"hangs":"mesh-2","pid":${worker}`);
    const control = await one.pid("control");
    process.kill(control, "SIGSTOP");
    await one.sluice("up");
    expect(await one.pid("control")).not.toBe(control);
    expect(await one.sluice("get", "nodes", "-o", "name")).toBe("node/sluice\n");
  });

  test("finds everything again after all of it was killed at once", async () => {
    const one = await engine();
    await one.sluice("apply", "-f", "examples/ftgo/manifests/ftgo-consumer-service.yaml");
    const run = join(one.home, "run");
    for (const { name } of (await one.status()).processes) {
      const { respawner, pid } = readRecord(run, name);
      for (const each of [respawner, pid]) process.kill(each!, "SIGKILL");
    }
    await eventually("nothing runs", async () => (await one.status()).processes.every(({ pid }) => pid === null));
    await one.sluice("up");
    expect(await one.sluice("get", "pvc", "-o", "name")).toBe("persistentvolumeclaim/ftgo-consumer-service-data\n");
  });

  test("lives beside another one", async () => {
    const [one, two] = [await engine(), await engine()];
    expect((await one.status()).api?.url).not.toBe((await two.status()).api?.url);
    const addressOf = (each: EngineUnderTest): Promise<string> =>
      each.sluice("get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}");
    expect(await addressOf(one)).not.toBe(await addressOf(two));
    await one.sluice("apply", "-f", "examples/ftgo/manifests/ftgo-order-service.yaml");
    expect(await two.sluice("get", "deployments", "-o", "name")).toBe("");
  });

  test("keeps its ports while its control process is away", async () => {
    const one = await engine("--without", "node");
    const { url } = (await one.status()).api!;
    const { respawner, pid } = readRecord(join(one.home, "run"), "control");
    for (const each of [respawner, pid]) process.kill(each!, "SIGKILL");
    const two = await engine("--without", "node");
    expect((await two.status()).api?.url).not.toBe(url);
    await one.sluice("up");
    expect((await one.status()).api?.url).toBe(url);
    expect(await one.sluice("get", "namespace", "default", "-o", "name")).toBe("namespace/default\n");
  });

  test("does not share a NodePort with another one", async () => {
    const [one, two] = [await engine("--without", "node"), await engine("--without", "node")];
    let nodePort = 32_767;
    while (!(await isPortFree(nodePort))) nodePort--;
    const file = join(folder(), "service.json");
    const spec = { type: "NodePort", selector: { app: "x" }, ports: [{ port: 8080, nodePort }] };
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { name: "x" }, spec }));
    await one.sluice("apply", "-f", file);
    const answers = (): Promise<number | undefined> =>
      fetch(`http://127.0.0.1:${nodePort}`).then(
        ({ status }) => status,
        () => undefined,
      );
    await eventually("the first engine listens", async () => (await answers()) === 503);
    await two.sluice("apply", "-f", file);
    const refused = await eventually("the second is refused", async () =>
      (await two.sluice("get", "service", "x", "-o", "jsonpath={.status.conditions}"))
        .match(/"message":"[^"]+"/)
        ?.at(0),
    );
    expect(refused).toContain(`another program listens on 127.0.0.1:${nodePort}`);
    await one.sluice("delete", "service", "x");
    await eventually(
      "the second takes it",
      async () =>
        (await two.sluice("get", "service", "x", "-o", "jsonpath={.status.conditions}")) === "" &&
        (await answers()) === 503,
    );
  });

  test("that is down says so, and down once more is no error", async () => {
    const one = await engine();
    expect(await one.sluice("down")).toBe("Sluice is down.\n");
    expect(await one.sluice("down")).toBe("Sluice is not running.\n");
    const get = await sluice(one.home, "get", "pods");
    expect(get.code).toBe(1);
    expect(get.stderr).toMatch(/^The connection to the server 127\.0\.0\.1:\d+ was refused/);
  });
});

describe("a bad day", () => {
  test("a port that is taken is named", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stack.defer(() => void server.close());
    const { port } = server.address() as { port: number };
    const { code, stderr } = await sluice(folder(), "up", "--port", String(port));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `error: port ${port} on 127.0.0.1 is taken by another program; choose one: sluice up --port N\n`,
    });
  });

  test("settings that differ from those of a running engine are refused", async () => {
    const one = await engine();
    const { code, stderr } = await sluice(one.home, "up", "--without", "node");
    expect(code).toBe(1);
    expect(stderr).toBe("error: the engine already runs with other settings; run sluice down first\n");
  });

  test("a home that is no folder, or not to be written to, is named", async () => {
    const file = join(folder(), "file");
    writeFileSync(file, "");
    const { code, stderr } = await sluice(file, "up");
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^error: ${file} cannot be used as home: `));
  });

  test.runIf(process.getuid?.() !== 0)("a read-only home is named", async () => {
    const home = folder();
    chmodSync(home, 0o500);
    const { code, stderr } = await sluice(home, "up");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .* cannot be used as home: /);
  });

  test("without an engine commands say what to do", async () => {
    const home = join(folder(), "none");
    for (const args of [["get", "pods"], ["kubeconfig"], ["rollout", "status", "deploy/x"]]) {
      const { code, stderr } = await sluice(home, ...args);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: `error: there is no engine in ${home}; run sluice up first\n`,
      });
    }
    expect(existsSync(home)).toBe(false);
  });

  test("a mistyped command, flag or type is told with what was probably meant", async () => {
    const one = await engine();
    const told = async (...args: readonly string[]): Promise<string> => (await sluice(one.home, ...args)).stderr;
    expect(await told("aply")).toBe("error: unknown command 'aply' (did you mean apply?)\n");
    expect(await told("get", "pods", "--selectr=a")).toBe(
      "error: unknown option '--selectr=a' (did you mean --selector?)\n",
    );
    expect(await told("get", "deploymnts")).toBe(
      `error: the server doesn't have a resource type "deploymnts" (did you mean "deployments"?)\n`,
    );
  });
});
