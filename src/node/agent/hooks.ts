import { request as httpsRequest } from "node:https";
import type { HTTPGetAction, LifecycleHandler } from "../../api/generated/core-v1.ts";
import { http } from "../../client/node-http.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import type { Runtime } from "../runtime.ts";
import { type ProbeTarget, probeHeaders, resolvePort } from "./probe-handlers.ts";

/**
 * Runs a postStart or preStop hook; rejects when it fails or is aborted.
 * https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
 */
export async function runHook(
  handler: LifecycleHandler,
  target: ProbeTarget,
  runtime: Runtime,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (handler.exec) return runCommand(handler.exec.command ?? [], target, runtime, signal);
  if (handler.httpGet) return callUrl(handler.httpGet, target, signal);
  if (handler.sleep) return sleep(clock, handler.sleep.seconds * 1000, signal);
  throw new Error("invalid handler");
}

async function runCommand(
  command: readonly string[],
  { instance }: ProbeTarget,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  let output = "";
  const { code } = await runtime.exec(instance, command, {
    signal,
    output: (_, chunk) => {
      if (output.length < 1000) output += chunk.toString();
    },
  });
  if (code !== 0) throw new Error(`command '${command.join(" ")}' exited with ${code}: ${output.trim()}`);
}

/** As in the kubelet any answer is good: the hook has been called. */
function callUrl(action: HTTPGetAction, { podIP, container }: ProbeTarget, signal: AbortSignal): Promise<void> {
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const path = action.path ?? "/";
  const port = resolvePort(action.port, container);
  const url = `${scheme}://${action.host || podIP}:${port}${path.startsWith("/") ? path : `/${path}`}`;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const options = {
    headers: { ...probeHeaders(action), "User-Agent": "kube-lifecycle/1.36" },
    signal,
    agent: false as const,
  };
  const request =
    scheme === "https" ? httpsRequest(url, { ...options, rejectUnauthorized: false }) : http.request(url, options);
  request.once("response", (response) => {
    response.resume();
    resolve();
  });
  request.once("error", reject);
  request.end();
  return promise;
}
