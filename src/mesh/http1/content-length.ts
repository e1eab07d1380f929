/** More than 15 digits could not be counted exactly; 10^15 bytes are 900 terabytes. */
const MAX_DIGITS = 15;

/** The number in the bytes `start` to `end`: digits only, no sign, no list (RFC 9110 §8.6). -1 when it is none. */
export function readLength(bytes: Buffer, start: number, end: number): number {
  if (end === start || end - start > MAX_DIGITS) return -1;
  let length = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}
