import { DecodingError } from "./decoding-error.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES: readonly number[] = Array.from({ length: 128 }, (_, code) => ALPHABET.indexOf(String.fromCharCode(code)));

/** The canonical base64 of the bytes (RFC 4648, section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = [bytes[i], bytes[i + 1], bytes[i + 2]];
    const group = (a << 16) | (b << 8) | c;
    const left = bytes.length - i;
    text += ALPHABET.charAt(group >> 18) + ALPHABET.charAt((group >> 12) & 63);
    text += left > 1 ? ALPHABET.charAt((group >> 6) & 63) : "=";
    text += left > 2 ? ALPHABET.charAt(group & 63) : "=";
  }
  return text;
}

/**
 * The canonical form of a base64 text: line breaks inside it are skipped and bits beyond the last byte are cleared, as Go
 * does. Throws DecodingError with Go's text when it is not base64.
 */
export function normaliseBase64(text: string): string {
  if (/^(?:[A-Za-z0-9+/]{4})*$/.test(text)) return text;
  return encodeBase64(decodeBase64(text));
}

/** The bytes of a base64 text, read as leniently and refused with the same words as Go's StdEncoding. */
export function decodeBase64(text: string): Uint8Array {
  const bytes: number[] = [];
  const group: number[] = [];
  let at = 0;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === "\r" || char === "\n") continue;
    if (char === "=") break;
    const value = VALUES[text.charCodeAt(at)] ?? -1;
    if (value < 0) throw illegal(at);
    group.push(value);
    if (group.length === 4) bytes.push(...bytesOf(group.splice(0)));
  }
  if (at < text.length || group.length > 0) bytes.push(...lastBytes(text, at, group));
  return Uint8Array.from(bytes);
}

/** The bytes of an unfinished group, which must be padded: `xx==` or `xxx=`, and nothing after it. */
function lastBytes(text: string, at: number, group: readonly number[]): number[] {
  if (at === text.length) throw illegal(at - group.length);
  if (group.length < 2) throw illegal(at);
  let end = skipBreaks(text, at + 1);
  if (group.length === 2) {
    if (end === text.length) throw illegal(end);
    if (text[end] !== "=") throw illegal(end - 1);
    end = skipBreaks(text, end + 1);
  }
  if (end < text.length) throw illegal(end);
  return bytesOf(group);
}

function skipBreaks(text: string, from: number): number {
  let at = from;
  while (text[at] === "\r" || text[at] === "\n") at++;
  return at;
}

function bytesOf([a = 0, b = 0, c, d]: readonly number[]): number[] {
  const bytes = [(a << 2) | (b >> 4)];
  if (c !== undefined) bytes.push(((b & 15) << 4) | (c >> 2));
  if (c !== undefined && d !== undefined) bytes.push(((c & 3) << 6) | d);
  return bytes;
}

function illegal(offset: number): DecodingError {
  return new DecodingError(`illegal base64 data at input byte ${offset}`);
}

/** How many bytes a canonical base64 text stands for. */
export function decodedLength(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}
