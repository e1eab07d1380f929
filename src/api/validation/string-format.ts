import { parseIp } from "./ip-address.ts";

/** Formats of strings that schemas of custom kinds name; others are annotations only. Gives what is wrong. */
export function formatProblem(format: string, value: string): string | undefined {
  return isOfFormat(format, value) ? undefined : `must be of type ${format}: ${JSON.stringify(value)}`;
}

const dateTimePattern =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

export function isOfFormat(format: string, value: string): boolean {
  switch (format) {
    case "date-time":
      return dateTimePattern.test(value);
    case "ipv4":
      return !value.includes(":") && parseIp(value) !== undefined;
    case "ipv6":
      return value.includes(":") && parseIp(value) !== undefined;
    default:
      return true;
  }
}
