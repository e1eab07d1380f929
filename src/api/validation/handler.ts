import type { HTTPGetAction, Lifecycle, LifecycleHandler, PodOS, Probe } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { headerNameProblems, portNameProblems, portNumberProblems } from "./names.ts";
import { validateNonNegative } from "./object-meta.ts";

/** Probes and lifecycle hooks. https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/ */

type Handler = Pick<Probe, "exec" | "httpGet" | "tcpSocket" | "grpc"> & Pick<LifecycleHandler, "sleep">;

export type ProbeKind = "livenessProbe" | "readinessProbe" | "startupProbe";

export function validateProbe(kind: ProbeKind, probe: Probe | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!probe) return;
  validateHandler(probe, undefined, path, errors);
  for (const name of [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ] as const) {
    validateNonNegative(probe[name] ?? 0, path.child(name), errors);
  }
  const grace = probe.terminationGracePeriodSeconds;
  const gracePath = path.child("terminationGracePeriodSeconds");
  if (grace !== undefined && grace <= 0) errors.invalid(gracePath, grace, "must be greater than 0");
  if (kind === "readinessProbe") {
    if (grace !== undefined) errors.invalid(gracePath, grace, "must not be set for readinessProbes");
  } else if (probe.successThreshold !== 1)
    errors.invalid(path.child("successThreshold"), probe.successThreshold ?? 0, "must be 1");
}

export function validateLifecycle(
  lifecycle: Lifecycle,
  gracePeriod: number | undefined,
  os: PodOS | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const name of ["postStart", "preStop"] as const) {
    const hook = lifecycle[name];
    if (hook) validateHandler(hook, gracePeriod, path.child(name), errors);
  }
  if (lifecycle.stopSignal !== undefined)
    validateStopSignal(lifecycle.stopSignal, os, path.child("stopSignal"), errors);
}

function validateHandler(
  handler: Handler,
  gracePeriod: number | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  let handlers = 0;
  for (const name of ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const) {
    if (!handler[name]) continue;
    if (handlers++ > 0) errors.forbidden(path.child(name), "may not specify more than 1 handler type");
    else validateAction(name, handler, gracePeriod, path.child(name), errors);
  }
  if (handlers === 0) errors.required(path, "must specify a handler type");
}

function validateAction(
  name: keyof Handler,
  { exec, httpGet, tcpSocket, grpc, sleep }: Handler,
  gracePeriod: number | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (name === "exec") {
    if ((exec?.command ?? []).length === 0) errors.required(path.child("command"));
  } else if (name === "httpGet" && httpGet) validateHttpGet(httpGet, path, errors);
  else if (name === "tcpSocket" && tcpSocket) validatePort(tcpSocket.port, path.child("port"), errors);
  else if (name === "grpc" && grpc) validatePort(grpc.port, path.child("port"), errors);
  else if (name === "sleep" && sleep) validateSleep(sleep.seconds, gracePeriod, path, errors);
}

const SCHEMES = ["HTTP", "HTTPS"];

function validateHttpGet(action: HTTPGetAction, path: FieldPath, errors: FieldErrors): void {
  if (!action.path) errors.required(path.child("path"));
  validatePort(action.port, path.child("port"), errors);
  const scheme = action.scheme ?? "";
  if (!SCHEMES.includes(scheme)) errors.notSupported(path.child("scheme"), scheme, SCHEMES);
  for (const header of action.httpHeaders ?? [])
    errors.invalidAll(path.child("httpHeaders"), header.name, headerNameProblems(header.name));
}

/** A port by number or by name. */
export function validatePort(port: number | string, path: FieldPath, errors: FieldErrors): void {
  errors.invalidAll(path, port, typeof port === "number" ? portNumberProblems(port) : portNameProblems(port));
}

function validateSleep(seconds: number, gracePeriod: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (gracePeriod === undefined || (seconds >= 0 && seconds <= gracePeriod)) return;
  errors.invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`);
}

const NAMED_SIGNALS =
  "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP " +
  "TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX";
const LINUX_SIGNALS: readonly string[] = [
  ...NAMED_SIGNALS.split(" "),
  ...Array.from({ length: 15 }, (_, i) => `RTMIN+${i + 1}`),
  ...Array.from({ length: 14 }, (_, i) => `RTMAX-${i + 1}`),
]
  .map((name) => `SIG${name}`)
  .sort();
const WINDOWS_SIGNALS = ["SIGKILL", "SIGTERM"];

function validateStopSignal(signal: string, os: PodOS | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!os) return errors.forbidden(path, "may not be set for containers with empty `spec.os.name`");
  const signals = { linux: LINUX_SIGNALS, windows: WINDOWS_SIGNALS }[os.name];
  if (signals && !signals.includes(signal)) errors.notSupported(path, signal, signals);
}
