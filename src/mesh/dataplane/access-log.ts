import type { Timestamps } from "./timestamps.ts";

/** What the log says about one request. */
export interface LoggedRequest {
  /** Milliseconds since the epoch at the beginning, and how long it took. */
  readonly began: number;
  readonly took: number;
  /** `ns/service:port` of the frontend. */
  readonly service: string;
  readonly client: string;
  readonly method: string;
  readonly target: string;
  /** 499: the client went away before the answer (as nginx says). */
  readonly status: number;
  readonly rule: string;
  readonly backend: string;
  readonly endpoint: string;
  readonly attempts: number;
  readonly received: number;
  readonly sent: number;
  readonly trace: string;
  /** Why the mesh itself answered, or gave up. */
  readonly reason: string;
}

/** Where request lines go. */
export interface AccessLog {
  add(request: LoggedRequest): void;
}

/** The entry of what was no request: it was answered without having been routed. */
export function refusedRequest(
  began: number,
  service: string,
  client: string,
  status: number,
  reason: string,
): LoggedRequest {
  const nothing = { method: "", target: "", rule: "", backend: "", endpoint: "", trace: "" };
  return { ...nothing, began, took: 0, service, client, status, attempts: 0, received: 0, sent: 0, reason };
}

/** One line of JSON. Only what a client can choose needs escaping. */
export function accessLine(request: LoggedRequest, timestamps: Timestamps): string {
  return (
    `{"time":"${timestamps.of(request.began)}","ms":${hundredths(request.took)},"service":"${request.service}",` +
    `"client":"${request.client}","method":${quoted(request.method)},"target":${quoted(request.target)},"status":${request.status},` +
    `"rule":"${request.rule}","backend":"${request.backend}","endpoint":"${request.endpoint}","attempts":${request.attempts},` +
    `"received":${request.received},"sent":${request.sent},"trace":${quoted(request.trace)},"reason":"${request.reason}"}\n`
  );
}

/** What was read as a token or a target has neither controls nor anything beyond ASCII: two characters are left. */
const quoted = (text: string): string =>
  text.includes('"') || text.includes("\\") ? JSON.stringify(text) : `"${text}"`;

const HUNDREDTHS: readonly string[] = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, "0"));

/** As `toFixed(2)`, which takes the time of a tenth of the line. */
function hundredths(milliseconds: number): string {
  const count = Math.round(milliseconds * 100);
  return `${Math.floor(count / 100)}.${HUNDREDTHS[count % 100]}`;
}
