import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { container } from "../../../test/support/fixtures/pods.ts";
import type { Container, Probe } from "../../api/generated/core-v1.ts";
import type { ProbeVerdicts } from "../../plan/node/view.ts";
import type { Runtime } from "../runtime.ts";
import { type ProbeTarget, resolvePort, runProbe } from "./probe-handlers.ts";
import { firstVerdicts, Prober } from "./prober.ts";

const instance = { podUid: "u", name: "main", instance: 0 };
const noRuntime = {} as Runtime;
const never = new AbortController().signal;

describe("an http probe", () => {
  let server: Server;
  let port: number;
  const seen: string[] = [];
  beforeEach(async () => {
    seen.length = 0;
    server = createServer((request, response) => {
      seen.push(
        `${request.headers["user-agent"]} ${request.headers.accept} ${request.headers.host} ${String(request.headers["x-a"] ?? "")}`,
      );
      const [, kind = "", value = ""] = request.url!.split("/");
      if (kind === "hang") return;
      if (kind === "close") return void request.socket.destroy();
      if (kind === "101")
        return void request.socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
        );
      if (kind === "to")
        response.setHeader(
          "location",
          value === "self" ? "/200" : value === "loop" ? "/to/loop" : "http://elsewhere.test/",
        );
      response.statusCode = kind === "to" ? 302 : Number(kind);
      response.end("body");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const probe = (path: string, change: object = {}, signal = never) =>
    runProbe(
      { httpGet: { port, path, ...change } },
      { container: container(), instance, podIP: "127.0.0.1" },
      noRuntime,
      signal,
    );

  test.each([
    ["/200", "success", ""],
    ["/399", "success", ""],
    ["/101", "failure", "HTTP probe failed with statuscode: 101"],
    ["/400", "failure", "HTTP probe failed with statuscode: 400"],
    ["/503", "failure", "HTTP probe failed with statuscode: 503"],
    ["/to/self", "success", ""],
  ])("%s is a %s", async (path, outcome, output) => expect(await probe(path)).toEqual({ outcome, output }));

  test("a redirect to elsewhere passes with a warning", async () => {
    expect(await probe("/to/elsewhere")).toEqual({
      outcome: "success",
      output: "",
      warning: "Probe terminated redirects, Response body: body",
    });
  });
  test("redirects in a circle fail", async () =>
    expect((await probe("/to/loop")).output).toContain("stopped after 10 redirects"));
  test("says who it is, and sends the headers that it is told to", async () => {
    await probe("200", {
      httpHeaders: [
        { name: "X-A", value: "1" },
        { name: "host", value: "shop" },
        { name: "accept", value: "" },
      ],
    });
    await probe("/200");
    expect(seen).toEqual(["kube-probe/1.36 undefined shop 1", `kube-probe/1.36 */* 127.0.0.1:${port} `]);
  });
  test("a refused connection fails in Go's words", async () => {
    const wrong = await probe("/x", { port: 1 });
    expect(wrong).toEqual({
      outcome: "failure",
      output: 'Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused',
    });
  });
  test("a server that closes fails", async () =>
    expect((await probe("/close")).output).toBe(`Get "http://127.0.0.1:${port}/close": EOF`));
  test("a server that does not answer fails when the time is over", async () => {
    const abort = new AbortController();
    server.once("request", () => abort.abort());
    expect((await probe("/hang", {}, abort.signal)).output).toBe(
      `Get "http://127.0.0.1:${port}/hang": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    );
  });
});

test("a tcp probe connects", async () => {
  const server = createTcpServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const target: ProbeTarget = {
    container: container({ ports: [{ name: "main", containerPort: port }] }),
    instance,
    podIP: "127.0.0.1",
  };
  expect(await runProbe({ tcpSocket: { port: "main" } }, target, noRuntime, never)).toEqual({
    outcome: "success",
    output: "",
  });
  expect((await runProbe({ tcpSocket: { port: 1 } }, target, noRuntime, never)).output).toBe(
    "dial tcp 127.0.0.1:1: connect: connection refused",
  );
  expect(await runProbe({ tcpSocket: { port: "no" } }, target, noRuntime, never)).toEqual({
    outcome: "unknown",
    output: `couldn't find port: "no" in pod`,
  });
  server.close();
});

test("an exec probe runs a command", async () => {
  const runtime = {
    exec: (_: unknown, command: readonly string[], { output, signal }: Parameters<Runtime["exec"]>[2]) => {
      if (command[0] === "hang")
        return new Promise((_resolve, reject) =>
          signal!.addEventListener("abort", () => reject(signal!.reason as Error)),
        );
      output("stdout", Buffer.from("why"));
      return Promise.resolve({ code: command[0] === "good" ? 0 : 1 });
    },
  } as unknown as Runtime;
  const target: ProbeTarget = { container: container(), instance, podIP: "" };
  const exec = (command: string, signal = never) =>
    runProbe({ exec: { command: [command, "x"] } }, target, runtime, signal);
  expect(await exec("good")).toEqual({ outcome: "success", output: "" });
  expect(await exec("bad")).toEqual({ outcome: "failure", output: "why" });
  const abort = new AbortController();
  const hanging = exec("hang", abort.signal);
  abort.abort(new Error("timed out"));
  expect(await hanging).toEqual({ outcome: "failure", output: 'command timed out: "hang x" timed out after 1s' });
});

test("a grpc probe asks the health service", async () => {
  let status = 1;
  let code = "0";
  const asked: string[] = [];
  const server = createHttp2Server();
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      asked.push(`${headers[":path"]} ${Buffer.concat(chunks).subarray(7).toString()}`);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": code }));
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const probe = (at = port) =>
    runProbe(
      { grpc: { port: at, service: "shop" } },
      { container: container(), instance, podIP: "127.0.0.1" },
      noRuntime,
      never,
    );
  expect(await probe()).toEqual({ outcome: "success", output: "" });
  status = 2;
  expect((await probe()).output).toBe('service unhealthy (responded with "NOT_SERVING")');
  code = "12";
  expect((await probe()).output).toContain("does not implement the grpc health protocol");
  expect((await probe(1)).output).toContain('timeout: failed to connect service "127.0.0.1:1" within 1s');
  expect(asked[0]).toBe("/grpc.health.v1.Health/Check shop");
  server.close();
});

test("ports are found by name or number", () => {
  const of = container({ ports: [{ name: "web", containerPort: 80 }] });
  expect(["web", 81, "82"].map((port) => resolvePort(port, of))).toEqual([80, 81, 82]);
  expect(() => resolvePort("x", of)).toThrow();
});

describe("the prober", () => {
  /** Probes by `exec`; `answers[kind]` is the exit code of now. */
  function start(
    probes: Partial<Pick<Container, "startupProbe" | "livenessProbe" | "readinessProbe">>,
    known?: ProbeVerdicts,
  ) {
    const clock = new FakeClock();
    const answers: Record<string, number> = { s: 0, l: 0, r: 0 };
    const asked: string[] = [];
    const verdicts: Partial<ProbeVerdicts>[] = [];
    const results: string[] = [];
    const begin = clock.now();
    const runtime = {
      exec: (_: unknown, [name = ""]: readonly string[]) => {
        asked.push(`${name}@${clock.now() - begin}`);
        return Promise.resolve({ code: answers[name] ?? 0 });
      },
    } as unknown as Runtime;
    const of = container(probes);
    const prober = new Prober({
      target: { container: of, instance, podIP: "" },
      runtime,
      clock,
      startedAt: begin,
      verdicts: known ?? firstVerdicts(of),
      onVerdict: (change) => verdicts.push(change),
      onResult: (kind, { outcome }) => results.push(`${kind} ${outcome}`),
    });
    prober.start();
    return { clock, answers, asked, verdicts, results, prober };
  }
  const probe = (name: string, change: Probe = {}): Probe => ({
    exec: { command: [name] },
    periodSeconds: 1,
    ...change,
  });

  test("asks for readiness at once, and often until it is there", async () => {
    const { clock, answers, asked, verdicts, results } = start({ readinessProbe: probe("r") });
    answers["r"] = 1;
    await clock.advance(200);
    expect(asked).toEqual(["r@0", "r@25", "r@75", "r@175"]);
    answers["r"] = 0;
    await clock.advance(200);
    expect(verdicts).toEqual([{ readiness: "passed" }]);
    expect(results).toEqual([]);
    await clock.advance(2000);
    expect(asked.slice(-2)).toEqual(["r@1000", "r@2000"]);
  });

  test("takes three regular failures to become unready, and tells each", async () => {
    const { clock, answers, verdicts, results } = start({ readinessProbe: probe("r") });
    await clock.advance(1);
    answers["r"] = 1;
    await clock.advance(2000);
    expect(verdicts).toEqual([{ readiness: "passed" }]);
    await clock.advance(1000);
    expect(verdicts).toEqual([{ readiness: "passed" }, { readiness: "failed" }]);
    expect(results).toEqual(["readiness failure", "readiness failure", "readiness failure"]);
  });

  test("waits for the initial delay", async () => {
    const { clock, asked } = start({ readinessProbe: probe("r", { initialDelaySeconds: 5 }) });
    await clock.advance(4999);
    expect(asked).toEqual([]);
    await clock.advance(1);
    expect(asked).toEqual(["r@5000"]);
  });

  test("liveness fails after three periods and is not asked again", async () => {
    const { clock, answers, asked, verdicts } = start({ livenessProbe: probe("l") });
    answers["l"] = 1;
    await clock.advance(10_000);
    expect(asked).toEqual(["l@1000", "l@2000", "l@3000"]);
    expect(verdicts).toEqual([{ liveness: "failed" }]);
    expect(clock.pending).toBe(0);
  });

  test("startup goes before the others", async () => {
    const { clock, answers, asked, verdicts } = start({
      startupProbe: probe("s"),
      livenessProbe: probe("l"),
      readinessProbe: probe("r"),
    });
    answers["s"] = 1;
    await clock.advance(500);
    expect(asked.every((one) => one.startsWith("s"))).toBe(true);
    answers["s"] = 0;
    await clock.advance(500);
    expect(verdicts).toEqual([{ startup: "passed" }, { readiness: "passed" }]);
  });

  test("a container that never starts fails", async () => {
    const { clock, answers, verdicts } = start({ startupProbe: probe("s", { failureThreshold: 2 }) });
    answers["s"] = 1;
    await clock.advance(5000);
    expect(verdicts).toEqual([{ startup: "failed" }]);
  });

  test("an adopted container is what it was", async () => {
    const { clock, answers, asked, verdicts } = start(
      { startupProbe: probe("s"), readinessProbe: probe("r") },
      { startup: "passed", liveness: "passed", readiness: "passed" },
    );
    answers["r"] = 1;
    await clock.advance(2000);
    expect(asked).toEqual(["r@1000", "r@2000"]);
    expect(verdicts).toEqual([]);
  });

  test("a container that is being stopped is asked for readiness only", async () => {
    const { clock, asked, prober } = start({ livenessProbe: probe("l"), readinessProbe: probe("r") });
    await clock.advance(1);
    prober.stopKilling();
    await clock.advance(1000);
    expect(asked).toEqual(["r@0", "r@1000"]);
    prober.stop();
    expect(clock.pending).toBe(0);
  });
});
