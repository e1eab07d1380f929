import type { PodSpec, PodSecurityContext, SecurityContext } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { containersOf } from "./pod-containers.ts";

/** What a pod can ask for depends on the system it is made for. */

const SYSTEMS = ["linux", "windows"];

export function validateOs(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  if (!spec.os) return;
  const name: string = spec.os.name;
  if (name === "") errors.required(path.child("os").child("name"));
  else if (!SYSTEMS.includes(name)) errors.notSupported(path.child("os"), name, SYSTEMS);
  else if (name === "linux") validateLinux(spec, path, errors);
  else validateWindows(spec, path, errors);
}

function validateLinux(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const refuse = (where: FieldPath): void =>
    errors.forbidden(
      where.child("securityContext").child("windowsOptions"),
      "windows options cannot be set for a linux pod",
    );
  if (spec.securityContext?.windowsOptions) refuse(path);
  for (const { container, path: containerPath } of containersOf(spec, path))
    if (container.securityContext?.windowsOptions) refuse(containerPath);
}

/** In the order in which they are reported. */
const LINUX_OF_PODS = [
  "appArmorProfile",
  "seLinuxOptions",
  "hostUsers",
  "hostPID",
  "hostIPC",
  "seccompProfile",
  "fsGroup",
  "fsGroupChangePolicy",
  "sysctls",
  "shareProcessNamespace",
  "runAsUser",
  "runAsGroup",
  "supplementalGroups",
  "supplementalGroupsPolicy",
  "seLinuxChangePolicy",
] as const satisfies readonly (keyof PodSecurityContext | HostField)[];

type HostField = "hostUsers" | "hostPID" | "hostIPC" | "shareProcessNamespace";

const LINUX_OF_CONTAINERS = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const satisfies readonly (keyof SecurityContext)[];

function validateWindows(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const why = "cannot be set for a windows pod";
  const ofHost: Readonly<Record<HostField, boolean | undefined>> = {
    hostUsers: spec.hostUsers,
    // These two cannot be unset: false is as good as nothing.
    hostPID: spec.hostPID || undefined,
    hostIPC: spec.hostIPC || undefined,
    shareProcessNamespace: spec.shareProcessNamespace,
  };
  const set = { ...spec.securityContext, ...ofHost };
  for (const name of LINUX_OF_PODS) {
    if (set[name] === undefined) continue;
    errors.forbidden((name in ofHost ? path : path.child("securityContext")).child(name), why);
  }
  for (const { container, path: containerPath } of containersOf(spec, path)) {
    for (const name of LINUX_OF_CONTAINERS) {
      if (container.securityContext?.[name] !== undefined)
        errors.forbidden(containerPath.child("securityContext").child(name), why);
    }
  }
}

/** Windows containers are processes of the host all together, or none of them is. */
export function validateHostProcess(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  let total = 0;
  let hostProcesses = 0;
  for (const { container, path: containerPath } of containersOf(spec, path)) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    const ownPath = containerPath.child("securityContext").child("windowsOptions").child("hostProcess");
    total++;
    if (ofPod !== undefined && own !== undefined && ofPod !== own)
      errors.invalid(ownPath, own, `pod hostProcess value must be identical if both are specified, was ${ofPod}`);
    if (own ?? ofPod) hostProcesses++;
  }
  if (hostProcesses === 0) return;
  if (hostProcesses !== total) {
    const why = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
    errors.invalid(path, "", why);
  }
  if (!spec.hostNetwork)
    errors.invalid(
      path.child("hostNetwork"),
      false,
      "hostNetwork must be true if pod contains any hostProcess containers",
    );
}
