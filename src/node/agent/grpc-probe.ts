import { connect } from "node:http2";
import type { GRPCAction } from "../../api/generated/core-v1.ts";
import type { ProbeResult } from "./probe-handlers.ts";

/** https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
const STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;
const UNIMPLEMENTED = "12";

/** Asks the gRPC health service: `grpc.health.v1.Health/Check`. */
export function probeGrpc(
  host: string,
  { port, service = "" }: GRPCAction,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const address = `${host}:${port}`;
  const fail = (output: string): void => resolve({ outcome: "failure", output });
  const session = connect(`http://${address}`);
  const close = (): void => session.destroy();
  signal.addEventListener("abort", close, { once: true });
  session.once("error", () => undefined);
  session.once("close", () =>
    fail(
      `timeout: failed to connect service ${JSON.stringify(address)} within ${timeoutSeconds}s: context deadline exceeded`,
    ),
  );
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    "content-type": "application/grpc",
    "user-agent": "kube-probe/1.36",
    te: "trailers",
  });
  const chunks: Buffer[] = [];
  let code: string | undefined;
  const readCode = (headers: Readonly<Record<string, unknown>>): void => {
    const status = headers["grpc-status"];
    if (typeof status === "string") code = status;
  };
  stream.on("response", readCode);
  stream.on("trailers", readCode);
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.once("error", () => undefined);
  stream.once("end", () => {
    if (code === UNIMPLEMENTED)
      fail("error: this server does not implement the grpc health protocol (grpc.health.v1.Health)");
    else if (code !== "0") fail(`error: health rpc failed: rpc error: code = ${code ?? "Unknown"}`);
    else {
      const status = STATUSES[statusOf(Buffer.concat(chunks))] ?? "UNKNOWN";
      if (status === "SERVING") resolve({ outcome: "success", output: "" });
      else fail(`service unhealthy (responded with ${JSON.stringify(status)})`);
    }
  });
  stream.end(checkRequest(service));
  return promise.finally(() => {
    signal.removeEventListener("abort", close);
    session.destroy();
  });
}

/** A gRPC message (flag, length) with HealthCheckRequest{1: service}. */
function checkRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The status of HealthCheckResponse{1: status}; an empty message means 0. */
function statusOf(body: Buffer): number {
  const message = body.subarray(5);
  return message[0] === 0x08 ? (message[1] ?? 0) : 0;
}
