import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { Container, HTTPGetAction, Probe } from "../../api/generated/core-v1.ts";
import { http } from "../../client/node-http.ts";
import type { ProbeOutcome } from "../../plan/node/probe-state.ts";
import type { ContainerRef, Runtime } from "../runtime.ts";
import { dialError, getError, getTimeout } from "./go-errors.ts";
import { probeGrpc } from "./grpc-probe.ts";

export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  /** Why it failed, in the kubelet's words. */
  readonly output: string;
  /** A success that deserves a warning. */
  readonly warning?: string;
}

export interface ProbeTarget {
  readonly container: Container;
  readonly instance: ContainerRef;
  readonly podIP: string;
}

const USER_AGENT = "kube-probe/1.36";
const MAX_BODY = 10 * 1024;
const MAX_REDIRECTS = 10;
const MAX_OUTPUT = 10 * 1024;

const success: ProbeResult = { outcome: "success", output: "" };
const failure = (output: string): ProbeResult => ({ outcome: "failure", output });

/** Probes once; `signal` ends it when its time is over. Never rejects. */
export async function runProbe(
  probe: Probe,
  target: ProbeTarget,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<ProbeResult> {
  try {
    if (probe.exec) return await probeExec(probe.exec.command ?? [], probe, target, runtime, signal);
    if (probe.httpGet) return await probeHttp(probe.httpGet, target, signal);
    if (probe.tcpSocket) {
      const { host = target.podIP, port } = probe.tcpSocket;
      return await probeTcp(host || target.podIP, resolvePort(port, target.container), signal);
    }
    if (probe.grpc) return await probeGrpc(target.podIP, probe.grpc, probe.timeoutSeconds ?? 1, signal);
  } catch (error) {
    return { outcome: "unknown", output: (error as Error).message };
  }
  return { outcome: "unknown", output: "missing probe handler" };
}

/** A port by number, or by the name that the container gives it. */
export function resolvePort(port: number | string, { ports = [] }: Container): number {
  const number =
    typeof port === "number" ? port : (ports.find(({ name }) => name === port)?.containerPort ?? Number(port));
  if (!(number > 0 && number < 65_536)) throw new Error(`couldn't find port: ${JSON.stringify(port)} in pod`);
  return number;
}

async function probeExec(
  command: readonly string[],
  probe: Probe,
  { instance }: ProbeTarget,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<ProbeResult> {
  let output = "";
  const collect = (_: string, chunk: Buffer): void => {
    if (output.length < MAX_OUTPUT) output += chunk.toString();
  };
  try {
    const { code } = await runtime.exec(instance, command, { signal, output: collect });
    return code === 0 ? success : failure(output);
  } catch (error) {
    if (signal.aborted)
      return failure(
        `command timed out: ${JSON.stringify(command.join(" "))} timed out after ${probe.timeoutSeconds ?? 1}s`,
      );
    throw error;
  }
}

function probeTcp(host: string, port: number, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    socket.once("connect", () => {
      socket.destroy();
      resolve(success);
    });
    socket.once("error", (error: NodeJS.ErrnoException) =>
      resolve(failure(signal.aborted ? `dial tcp ${host}:${port}: i/o timeout` : dialError(error, host, port))),
    );
  });
}

async function probeHttp(action: HTTPGetAction, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const host = action.host || target.podIP;
  const port = resolvePort(action.port, target.container);
  const path = action.path ?? "/";
  let url = `${scheme}://${host}:${port}${path.startsWith("/") ? path : `/${path}`}`;
  const headers = probeHeaders(action);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await get(url, host, port, headers, signal);
    if (typeof answer === "string") return failure(answer);
    const { status, location } = answer;
    if (status < 200 || status >= 400) return failure(`HTTP probe failed with statuscode: ${status}`);
    if (status < 300 || location === undefined) return success;
    const next = new URL(location, url);
    if (next.hostname !== new URL(url).hostname) {
      return { ...success, warning: `Probe terminated redirects, Response body: ${answer.body}` };
    }
    url = next.href;
  }
  return failure(`Get ${JSON.stringify(url)}: stopped after ${MAX_REDIRECTS} redirects`);
}

/** Headers of the probe; an empty value of User-Agent or Accept takes the kubelet's own away. */
export function probeHeaders({ httpHeaders = [] }: HTTPGetAction): Record<string, string> {
  const headers: Record<string, string> = { "User-Agent": USER_AGENT, Accept: "*/*", Connection: "close" };
  for (const { name, value = "" } of httpHeaders) {
    const known = Object.keys(headers).find((one) => one.toLowerCase() === name.toLowerCase()) ?? name;
    if (value === "" && known !== name) delete headers[known];
    else headers[known] = value;
  }
  return headers;
}

interface Answer {
  readonly status: number;
  readonly location?: string;
  readonly body: string;
}

/** The answer, or why there was none. */
function get(
  url: string,
  host: string,
  port: number,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Answer | string> {
  const { promise, resolve } = Promise.withResolvers<Answer | string>();
  const fail = (error: NodeJS.ErrnoException): void =>
    resolve(signal.aborted ? getTimeout(url) : getError(error, url, host, port));
  const read = (response: IncomingMessage): void => {
    let body = "";
    response.on("data", (chunk: Buffer) => {
      body += chunk.toString();
      if (body.length > MAX_BODY) response.destroy();
    });
    const end = (): void => {
      const { location } = response.headers;
      resolve({
        status: response.statusCode ?? 0,
        ...(location !== undefined && { location }),
        body: body.slice(0, MAX_BODY),
      });
    };
    response.once("close", end);
    response.once("error", () => undefined);
  };
  // The kubelet does not check whose certificate it is.
  const request = url.startsWith("https:")
    ? httpsRequest(url, { headers, signal, agent: false, rejectUnauthorized: false }, read)
    : http.request(url, { headers, signal, agent: false }, read);
  request.once("error", fail);
  // A server that changes the protocol has answered, and that was it.
  request.once("upgrade", ({ statusCode = 0 }, socket) => {
    socket.destroy();
    resolve({ status: statusCode, body: "" });
  });
  request.end();
  return promise;
}
