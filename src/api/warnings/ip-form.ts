import type { FieldPath } from "../validation/field-path.ts";
import { formatCidr, formatIp, parseCidr, parseIp } from "../validation/ip-address.ts";
import type { Warnings } from "./warnings.ts";

/** Warns of an IPv6 address that is not in its canonical form (RFC 5952). */
export function warnOfAddress(text: string | undefined, path: FieldPath, warnings: Warnings): void {
  const address = text?.includes(":") ? parseIp(text) : undefined;
  if (address?.family === "IPv6") warnOfForm("address", text, formatIp(address), path, warnings);
}

export function warnOfCidr(text: string | undefined, path: FieldPath, warnings: Warnings): void {
  const cidr = text?.includes(":") ? parseCidr(text) : undefined;
  if (cidr?.address.family === "IPv6") warnOfForm("CIDR value", text, formatCidr(cidr), path, warnings);
}

function warnOfForm(
  what: string,
  text: string | undefined,
  canonical: string,
  path: FieldPath,
  warnings: Warnings,
): void {
  if (text !== canonical)
    warnings.at(path, `IPv6 ${what} "${text}" should be in RFC 5952 canonical format ("${canonical}")`);
}

export function warnOfAddresses(texts: readonly string[] | undefined, path: FieldPath, warnings: Warnings): void {
  for (const [i, text] of (texts ?? []).entries()) warnOfAddress(text, path.index(i), warnings);
}

export function warnOfCidrs(texts: readonly string[] | undefined, path: FieldPath, warnings: Warnings): void {
  for (const [i, text] of (texts ?? []).entries()) warnOfCidr(text, path.index(i), warnings);
}
