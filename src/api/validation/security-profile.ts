import { byteLength } from "../../lib/byte-length.ts";
import { quoteGo } from "../../lib/go-format.ts";
import type { AppArmorProfile, SeccompProfile } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { validateDescendingPath } from "./local-path.ts";

/** Profiles of seccomp and AppArmor, and the annotations that came before the fields. */

const PROFILE_TYPES = ["Localhost", "RuntimeDefault", "Unconfined"];
/** PATH_MAX less the end. */
const MAX_PROFILE = 4095;

export function validateSeccomp(profile: SeccompProfile | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!profile) return;
  const type: string = profile.type;
  if (type === "") errors.required(path.child("type"), "type is required when seccompProfile is set");
  else errors.oneOf(path.child("type"), type, PROFILE_TYPES);
  const filePath = path.child("localhostProfile");
  if (type !== "Localhost") {
    if (profile.localhostProfile !== undefined)
      errors.invalid(
        filePath,
        internalForm("SeccompProfile", profile),
        "can only be set when seccomp type is Localhost",
      );
  } else if (profile.localhostProfile === undefined)
    errors.required(filePath, "must be set when seccomp type is Localhost");
  else validateDescendingPath(profile.localhostProfile, filePath, errors);
}

export function validateAppArmor(profile: AppArmorProfile | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!profile) return;
  const type: string = profile.type;
  const { localhostProfile } = profile;
  const namePath = path.child("localhostProfile");
  if (type === "Localhost") validateAppArmorName(localhostProfile, namePath, errors);
  else if (type === "") errors.required(path.child("type"), "type is required when appArmorProfile is set");
  else if (!PROFILE_TYPES.includes(type)) errors.notSupported(path.child("type"), type, PROFILE_TYPES);
  else if (localhostProfile !== undefined)
    errors.invalid(namePath, localhostProfile, "can only be set when AppArmor type is Localhost");
}

function validateAppArmorName(name: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (name === undefined) return errors.required(path, "must be set when AppArmor type is Localhost");
  if (name.trim() !== name) errors.invalid(path, name, "must not be padded with whitespace");
  else if (name === "") errors.required(path, "must be set when AppArmor type is Localhost");
  if (byteLength(name) > MAX_PROFILE) errors.tooLong(path, MAX_PROFILE);
}

export const SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
export const SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";
export const APP_ARMOR_CONTAINER = "container.apparmor.security.beta.kubernetes.io/";
const LOCALHOST = "localhost/";

export function validateSeccompAnnotation(value: string, path: FieldPath, errors: FieldErrors): void {
  if (value === "runtime/default" || value === "docker/default" || value === "unconfined") return;
  if (value.startsWith(LOCALHOST)) validateDescendingPath(value.slice(LOCALHOST.length), path, errors);
  else errors.invalid(path, value, "must be a valid seccomp profile");
}

export function validateSeccompMatch(
  annotation: string | undefined,
  profile: SeccompProfile | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (annotation === undefined || !profile) return;
  const values = { Unconfined: ["unconfined"], RuntimeDefault: ["runtime/default", "docker/default"], Localhost: [] };
  validateMatch("seccomp", annotation, profile, values[profile.type] ?? [annotation], path, errors);
}

export function validateAppArmorMatch(
  annotation: string | undefined,
  profile: AppArmorProfile | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (annotation === undefined || !profile) return;
  const values = { Unconfined: ["unconfined"], RuntimeDefault: ["runtime/default"], Localhost: [] };
  validateMatch("apparmor", annotation, profile, values[profile.type] ?? [annotation], path, errors);
}

function validateMatch(
  what: string,
  annotation: string,
  { type, localhostProfile }: SeccompProfile,
  values: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const isSameType = type === "Localhost" ? annotation.startsWith(LOCALHOST) : values.includes(annotation);
  if (!isSameType) errors.forbidden(path.child("type"), `${what} type in annotation and field must match`);
  else if (type === "Localhost" && annotation !== `${LOCALHOST}${localhostProfile ?? ""}`)
    errors.forbidden(path.child("localhostProfile"), `${what} profile in annotation and field must match`);
}

export function validateAppArmorAnnotation(value: string, path: FieldPath, errors: FieldErrors): void {
  if (value === "" || value === "runtime/default" || value === "unconfined" || value.startsWith(LOCALHOST)) return;
  errors.invalid(path, value, `invalid AppArmor profile name: ${quoteGo(value)}`);
}
