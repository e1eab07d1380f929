import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { StatusError } from "../../api/status-error.ts";
import type { KeyPair } from "../pki/certificate.ts";
import type { LogLocation } from "./log-location.ts";

/** Of an error that a kubelet explains at length, this much is shown, in bytes. */
const MAX_ERROR = 10_000;

/**
 * Asks a kubelet for a log and resolves with the answer, whose body is the log. As in Kubernetes the kubelet proves itself
 * to nobody by default: it is found through its Node object, which only kubelets write. Throws what the kubelet says.
 */
export function openKubeletLog(
  location: LogLocation,
  query: URLSearchParams,
  identity: KeyPair,
  pod: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { host, port, path } = location;
  const search = query.size > 0 ? `?${query.toString()}` : "";
  const options = {
    host,
    port,
    path: `${path}${search}`,
    key: identity.key,
    cert: identity.certificate,
    rejectUnauthorized: false,
    agent: false,
    signal,
  } as const;
  return new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      if (response.statusCode === 200) resolve(response);
      else readError(response).then((text) => reject(refusal(response.statusCode ?? 500, text, pod)), reject);
    });
    call.on("error", (error: NodeJS.ErrnoException) =>
      reject(new StatusError("", `Get "https://${host}:${port}${path}${search}": ${describe(error, host, port)}`)),
    );
    call.end();
  });
}

async function readError(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > MAX_ERROR) break;
  }
  return text.slice(0, MAX_ERROR);
}

function refusal(code: number, text: string, pod: string): StatusError {
  if (code === 400) return new StatusError("BadRequest", text);
  if (code === 404)
    return new StatusError("NotFound", `the server could not find the requested resource ( pods ${pod})`, {
      name: pod,
      kind: "pods",
    });
  return new StatusError("InternalError", `Internal error occurred: ${text}`, { causes: [{ message: text }] });
}

/** A failed connection in the words of Kubernetes. */
function describe(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === "ECONNREFUSED") return `dial tcp ${host}:${port}: connect: connection refused`;
  if (error.code === "ENOTFOUND") return `dial tcp: lookup ${host}: no such host`;
  return error.message;
}
