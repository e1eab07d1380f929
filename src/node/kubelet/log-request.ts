import type { ContainerStatus, Pod, PodStatus } from "../../api/generated/core-v1.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";

/** What `/containerLogs` was asked for, as the API server passes it on (core/v1 PodLogOptions). */
export interface LogRequest {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

/** A request that cannot be answered; `code` is the HTTP status, the message the kubelet's. */
export class LogRefusal extends Error {
  readonly code: 400 | 404;

  constructor(code: LogRefusal["code"], message: string) {
    super(message);
    this.name = "LogRefusal";
    this.code = code;
  }
}

export function parseLogRequest(query: URLSearchParams, now: number): LogRequest {
  const tailLines = count(query, "tailLines");
  const limitBytes = count(query, "limitBytes");
  const sinceSeconds = count(query, "sinceSeconds");
  const sinceTime = query.get("sinceTime") ?? undefined;
  const since = sinceSeconds === undefined ? parseTimestamp(sinceTime) : now - sinceSeconds * 1000;
  if (sinceTime && since === undefined) throw new LogRefusal(400, `Unable to decode query: sinceTime ${sinceTime}`);
  const flag = (name: string): boolean => query.get(name) === "true" || query.get(name) === "1";
  return {
    follow: flag("follow"),
    previous: flag("previous"),
    timestamps: flag("timestamps"),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(since !== undefined && { since }),
  };
}

function count(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d+$/.test(text)) throw new LogRefusal(400, `Unable to decode query: ${name} ${text}`);
  return Number(text);
}

/** Which instance's log is to be shown. Throws LogRefusal when there is none. */
export function chooseInstance(pod: Pod, status: PodStatus | undefined, container: string, previous: boolean): number {
  const of = statusOf(pod, status, container);
  const podName = pod.metadata.name;
  const before = of.lastState?.terminated;
  if (!previous) {
    const hasRun = of.containerID !== undefined || before !== undefined;
    if (of.state?.waiting && !hasRun) throw new LogRefusal(400, waitingText(of, container, podName));
    return instanceOf(of.containerID) ?? of.restartCount;
  }
  if (!before) throw new LogRefusal(400, `previous terminated container "${container}" in pod "${podName}" not found`);
  return instanceOf(before.containerID) ?? Math.max(0, of.restartCount - 1);
}

function statusOf({ metadata, spec }: Pod, status: PodStatus | undefined, container: string): ContainerStatus {
  const names = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name);
  if (!names.includes(container)) {
    throw new LogRefusal(404, `container "${container}" not found in pod "${metadata.name}"`);
  }
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const of = all.find(({ name }) => name === container);
  if (!of) throw new LogRefusal(400, `container "${container}" in pod "${metadata.name}" is not available`);
  return of;
}

function waitingText({ state }: ContainerStatus, container: string, pod: string): string {
  const reason = state?.waiting?.reason ?? "";
  const texts: Readonly<Record<string, string>> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: "trying and failing to pull image",
  };
  return `container "${container}" in pod "${pod}" is waiting to start: ${texts[reason] ?? reason}`;
}

/** The number at the end of `process://<pod>/<container>/<number>`. */
function instanceOf(containerID: string | undefined): number | undefined {
  const digits = /\/(\d+)$/.exec(containerID ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}
