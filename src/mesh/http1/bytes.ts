/** The bytes of HTTP/1.1 syntax that are named in code. */
export const HT = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

const table = (value: (byte: number) => number): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => value(byte));

const isAlphanumeric = (byte: number): boolean => /[0-9A-Za-z]/.test(String.fromCharCode(byte));

/** `token` characters (RFC 9110 §5.6.2) in lower case; 0 for every other byte. */
export const TOKEN: Uint8Array = table((byte) =>
  isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".includes(String.fromCharCode(byte))
    ? (String.fromCharCode(byte).toLowerCase().codePointAt(0) ?? 0)
    : 0,
);

/** 1 for what may stand in a field value: HTAB, SP, VCHAR, obs-text (RFC 9110 §5.5). CR, LF, NUL and other controls may not. */
export const VALUE: Uint8Array = table((byte) => Number(byte === HT || (byte >= SP && byte !== 0x7f)));

/**
 * 1 for what may stand in a request target: VCHAR without `#`, which would begin a fragment (RFC 9112 §3.2). Characters that
 * RFC 3986 wants encoded (`"`, `|`, `{`, …) are let through, as servers do.
 */
export const TARGET: Uint8Array = table((byte) => Number(byte > SP && byte < 0x7f && byte !== 0x23));

/** 1 for what may stand in a Host value: reg-name, IP-literal, port (RFC 3986 §3.2.2, RFC 9110 §7.2). */
export const HOST: Uint8Array = table((byte) =>
  Number(isAlphanumeric(byte) || "-._~!$&'()*+,;=:[]%".includes(String.fromCharCode(byte))),
);

/** The value of a hexadecimal digit; 255 for every other byte. */
export const HEX: Uint8Array = table((byte) => {
  const value = "0123456789abcdef".indexOf(String.fromCharCode(byte).toLowerCase());
  return value < 0 ? 255 : value;
});
