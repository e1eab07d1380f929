import type { PodSecurityContext, PodSpec, SecurityContext, Sysctl } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { unixIdProblems } from "./names.ts";
import { validateAppArmor, validateSeccomp } from "./security-profile.ts";
import { validateWindowsOptions } from "./windows-options.ts";

/** Rights of processes. https://kubernetes.io/docs/tasks/configure-pod-container/security-context/ */

const PROC_MOUNTS = ["Default", "Unmasked"];

/** @param isHostUsers whether the users of the container are the node's */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  isHostUsers: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!context) return;
  validateIds(context, ["runAsUser", "runAsGroup"], path, errors);
  const procMount: string | undefined = context.procMount;
  const procMountPath = path.child("procMount");
  if (procMount !== undefined && !PROC_MOUNTS.includes(procMount))
    errors.notSupported(procMountPath, procMount, PROC_MOUNTS);
  if (isHostUsers && procMount === "Unmasked")
    errors.invalid(procMountPath, procMount, "`hostUsers` must be false to use `Unmasked`");
  validateSeccomp(context.seccompProfile, path.child("seccompProfile"), errors);
  validateEscalation(context, path, errors);
  validateWindowsOptions(context.windowsOptions, path.child("windowsOptions"), errors);
  validateAppArmor(context.appArmorProfile, path.child("appArmorProfile"), errors);
}

/** Who may do all need not escalate. */
function validateEscalation(context: SecurityContext, path: FieldPath, errors: FieldErrors): void {
  if (context.allowPrivilegeEscalation !== false) return;
  const refuse = (why: string): void =>
    errors.invalid(
      path,
      internalForm("SecurityContext", context),
      `cannot set \`allowPrivilegeEscalation\` to false and ${why}`,
    );
  if (context.privileged) refuse("`privileged` to true");
  for (const capability of context.capabilities?.add ?? [])
    if (capability === "CAP_SYS_ADMIN") refuse("`capabilities.Add` CAP_SYS_ADMIN");
}

type IdName = "runAsUser" | "runAsGroup" | "fsGroup";

function validateIds<K extends IdName>(
  context: Readonly<Partial<Record<K, number>>>,
  names: readonly K[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const name of names) {
    const id = context[name];
    if (id !== undefined) errors.invalidAll(path.child(name), id, unixIdProblems(id));
  }
}

const GROUP_CHANGE_POLICIES = ["Always", "OnRootMismatch"];
const GROUPS_POLICIES = ["Merge", "Strict"];
/** MountOption is behind a feature gate that is off in 1.36. */
const LABEL_CHANGE_POLICIES = ["Recursive"];

export function validatePodSecurityContext(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  if (spec.shareProcessNamespace && spec.hostPID && !spec.securityContext) shareBoth(path, errors);
  const context = spec.securityContext;
  if (!context) return;
  validateIds(context, ["fsGroup", "runAsUser", "runAsGroup"], path, errors);
  for (const [i, group] of (context.supplementalGroups ?? []).entries())
    errors.invalidAll(path.child("supplementalGroups").index(i), group, unixIdProblems(group));
  if (spec.shareProcessNamespace && spec.hostPID) shareBoth(path, errors);
  validateSysctls(context, spec, path.child("sysctls"), errors);
  errors.oneOf(path.child("fsGroupChangePolicy"), context.fsGroupChangePolicy, GROUP_CHANGE_POLICIES);
  validateSeccomp(context.seccompProfile, path.child("seccompProfile"), errors);
  validateWindowsOptions(context.windowsOptions, path.child("windowsOptions"), errors);
  validateAppArmor(context.appArmorProfile, path.child("appArmorProfile"), errors);
  errors.oneOf(path.child("supplementalGroupsPolicy"), context.supplementalGroupsPolicy, GROUPS_POLICIES);
  errors.oneOf(path.child("seLinuxChangePolicy"), context.seLinuxChangePolicy, LABEL_CHANGE_POLICIES);
}

function shareBoth(path: FieldPath, errors: FieldErrors): void {
  const why = "ShareProcessNamespace and HostPID cannot both be enabled";
  errors.invalid(path.child("shareProcessNamespace"), true, why);
}

const SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const SYSCTL = `^(${SYSCTL_SEGMENT}[\\./])*${SYSCTL_SEGMENT}$`;
const sysctlPattern = new RegExp(SYSCTL);
const MAX_SYSCTL = 253;

function validateSysctls(
  { sysctls = [] }: PodSecurityContext,
  spec: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  for (const [i, { name }] of sysctls.entries()) {
    const namePath = path.index(i).child("name");
    if (name === "") errors.required(namePath);
    else if (name.length > MAX_SYSCTL || !sysctlPattern.test(name))
      errors.invalid(namePath, name, `must have at most ${MAX_SYSCTL} characters and match regex ${SYSCTL}`);
    else if (seen.has(name)) errors.duplicate(namePath, name);
    const namespace = kernelNamespace(name);
    for (const host of ["hostNetwork", "hostIPC"] as const)
      if (spec[host] && namespace === host)
        errors.invalid(namePath, name, `may not be specified when '${host}' is true`);
    seen.add(name);
  }
}

const IPC_SYSCTLS = new Set([
  "kernel.sem",
  ...["all", "max", "mni", "_rmid_forced", ""].map((end) => `kernel.shm${end}`),
  ...["max", "mnb", "mni", ""].map((end) => `kernel.msg${end}`),
]);

/** The host's namespace in which a kernel parameter is; undefined when it is in none. ipc_namespaces(7), network_namespaces(7) */
function kernelNamespace(name: Sysctl["name"]): "hostNetwork" | "hostIPC" | undefined {
  const dotted = /^[^.]*\//.test(name) ? swapSeparators(name) : name;
  const [stem = ""] = dotted.split("*");
  if (IPC_SYSCTLS.has(stem) || stem.startsWith("fs.mqueue.")) return "hostIPC";
  return stem.startsWith("net.") ? "hostNetwork" : undefined;
}

/** `net/ipv4/conf/eno2.100` is `net.ipv4.conf.eno2/100`. */
function swapSeparators(name: string): string {
  return name.replaceAll(/[./]/g, (char) => (char === "." ? "/" : "."));
}
