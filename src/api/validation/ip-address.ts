import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";

/** IP addresses and CIDR blocks, as Go's net and net/netip packages read and print them (RFC 4291, RFC 5952). */

export interface IpAddress {
  readonly family: "IPv4" | "IPv6";
  /** 4 or 16 bytes; an IPv4-mapped IPv6 address is an IPv4 address, as in Go's net package. */
  readonly bytes: readonly number[];
  /** Written as an IPv4-mapped IPv6 address (`::ffff:10.0.0.1`). */
  readonly mapped: boolean;
  /** Parts of the IPv4 address are written with leading zeros, which old parsers take for octal numbers. */
  readonly leadingZeros: boolean;
}

/** Leniently: leading zeros of IPv4 parts are skipped. */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d+$/.test(part) && Number(part) <= 255)) return undefined;
  const leadingZeros = parts.some((part) => part.length > 1 && part.startsWith("0"));
  return { family: "IPv4", bytes: parts.map(Number), mapped: false, leadingZeros };
}

function parseIpv6(text: string): IpAddress | undefined {
  const lastColon = text.lastIndexOf(":");
  const tail = text.slice(lastColon + 1);
  const embedded = tail.includes(".") ? parseIpv4(tail) : undefined;
  if (tail.includes(".") && !embedded) return undefined;
  const head = embedded ? `${text.slice(0, lastColon + 1)}0:0` : text;
  const groups = expandGroups(head);
  if (!groups) return undefined;
  const bytes = groups.flatMap((group) => [group >> 8, group & 255]);
  if (embedded) bytes.splice(12, 4, ...embedded.bytes);
  const leadingZeros = embedded?.leadingZeros ?? false;
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return { family: "IPv4", bytes: bytes.slice(12), mapped, leadingZeros };
  return { family: "IPv6", bytes, mapped, leadingZeros };
}

/** The eight groups of an IPv6 address, `::` filled in. */
function expandGroups(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [left = [], right] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const given = [...left, ...(right ?? [])];
  if (!given.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  if (right ? given.length > 7 : given.length !== 8) return undefined;
  const zeros = Array.from({ length: 8 - given.length }, () => 0);
  return [...left.map(hex), ...zeros, ...(right ?? []).map(hex)];
}

function hex(group: string): number {
  return Number.parseInt(group, 16);
}

/** The canonical form (RFC 5952). */
export function formatIp({ family, bytes }: Pick<IpAddress, "family" | "bytes">): string {
  if (family === "IPv4") return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const run = longestZeroRun(groups);
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return run ? `${text(0, run.start)}::${text(run.end, 8)}` : text(0, 8);
}

/** The first of the longest runs of two zero groups or more. */
function longestZeroRun(groups: readonly number[]): { start: number; end: number } | undefined {
  let best: { start: number; end: number } | undefined;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start >= 2 && (!best || end - start > best.end - best.start)) best = { start, end };
    if (end > start) start = end;
  }
  return best;
}

export interface Cidr {
  readonly address: IpAddress;
  readonly prefix: number;
  readonly leadingZeros: boolean;
}

export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!address || !/^\d+$/.test(length)) return undefined;
  const bits = text.slice(0, slash).includes(":") ? 128 : 32;
  if (Number(length) > bits) return undefined;
  return { address, prefix: Number(length), leadingZeros: length.length > 1 && length.startsWith("0") };
}

/** The block's first address and length: `10.1.2.3/8` is `10.0.0.0/8`. */
export function formatCidr({ address, prefix }: Cidr): string {
  return `${formatIp({ family: address.family, bytes: maskedBytes(address.bytes, prefix) })}/${prefix}`;
}

function maskedBytes(bytes: readonly number[], prefix: number): number[] {
  return bytes.map((byte, i) => {
    const kept = Math.max(0, Math.min(8, prefix - 8 * i));
    return byte & (0xff00 >> kept) & 0xff;
  });
}

/** Whether the address is inside the block. */
export function cidrContains(cidr: Cidr, address: IpAddress): boolean {
  if (cidr.address.family !== address.family) return false;
  const masked = maskedBytes(address.bytes, cidr.prefix);
  return maskedBytes(cidr.address.bytes, cidr.prefix).every((byte, i) => byte === masked[i]);
}

const NO_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const NO_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/**
 * An address. Unusual forms, which others may read differently, are refused; other forms than the canonical are not.
 * @param kept values that were there before, which may stay whatever they are
 */
export function validateIp(
  text: string,
  path: FieldPath,
  errors: FieldErrors,
  kept: readonly string[] = [],
): IpAddress | undefined {
  if (kept.includes(text)) return parseIp(text);
  const address = parseIp(text);
  if (!address) errors.invalid(path, text, NO_IP);
  else if (address.leadingZeros) errors.invalid(path, text, "must not have leading 0s");
  else if (address.mapped) errors.invalid(path, text, "must not be an IPv4-mapped IPv6 address");
  else return address;
  return undefined;
}

/** An address in a field that takes the canonical form only. */
export function validateCanonicalIp(text: string, path: FieldPath, errors: FieldErrors): void {
  const address = validateIp(text, path, errors);
  if (!address) return;
  const canonical = formatIp(address);
  if (text !== canonical) errors.invalid(path, text, `must be in canonical form ("${canonical}")`);
}

/** A block, not in an unusual form. @param kept values that were there before, which may stay whatever they are */
export function validateCidr(
  text: string,
  path: FieldPath,
  errors: FieldErrors,
  kept: readonly string[] = [],
): Cidr | undefined {
  if (kept.includes(text)) return parseCidr(text);
  const cidr = parseCidr(text);
  if (!cidr) errors.invalid(path, text, NO_CIDR);
  else if (cidr.leadingZeros || cidr.address.leadingZeros)
    errors.invalid(path, text, "must not have leading 0s in IP or prefix length");
  else if (cidr.address.mapped) errors.invalid(path, text, "must not have an IPv4-mapped IPv6 address");
  else if (formatIp(cidr.address) !== formatCidr(cidr).split("/")[0])
    errors.invalid(path, text, "must not have bits set beyond the prefix length");
  else return cidr;
  return undefined;
}

/** An address that something can listen on and others can reach. */
export function validateReachableIp(text: string, path: FieldPath, errors: FieldErrors): void {
  validateOutside([LOOPBACK, ...UNREACHABLE], text, path, errors);
}

/**
 * The address of an endpoint. Kubernetes refuses the loopback network here too; as it is the network of the pods, that depends on
 * who writes (apiserver/admission/endpoint-addresses.ts).
 */
export function validateEndpointIp(text: string, path: FieldPath, errors: FieldErrors): void {
  validateOutside(UNREACHABLE, text, path, errors);
}

function validateOutside(unreachable: readonly Block[], text: string, path: FieldPath, errors: FieldErrors): void {
  const address = parseIp(text);
  if (!address) return errors.invalid(path, text, "must be a valid IP address");
  if (address.bytes.every((byte) => byte === 0)) errors.invalid(path, text, `may not be unspecified (${text})`);
  for (const [name, blocks] of unreachable) {
    if (blocks.some((block) => cidrContains(block, address))) errors.invalid(path, text, `may not be in the ${name}`);
  }
}

type Block = readonly [name: string, blocks: readonly Cidr[]];

const LOOPBACK: Block = ["loopback range (127.0.0.0/8, ::1/128)", blocksOf("127.0.0.0/8", "::1/128")];

/** Blocks of which no endpoint can be, as Go's net package knows them, and what errors call them. */
const UNREACHABLE: readonly Block[] = [
  ["link-local range (169.254.0.0/16, fe80::/10)", blocksOf("169.254.0.0/16", "fe80::/10")],
  // Any ff?2::/16 is link-local: the flags before the scope do not matter (RFC 4291, section 2.7).
  [
    "link-local multicast range (224.0.0.0/24, ff02::/10)",
    blocksOf("224.0.0.0/24", ...Array.from("0123456789abcdef", (flags) => `ff${flags}2::/16`)),
  ],
];

function blocksOf(...texts: readonly string[]): Cidr[] {
  return texts.flatMap((text) => parseCidr(text) ?? []);
}

/** Whether there is one address of each family at most. */
export function isOneOfEach(texts: readonly string[]): boolean {
  const families = texts.map((text) => parseIp(text)?.family);
  return families.length === 2 && families[0] !== families[1];
}
