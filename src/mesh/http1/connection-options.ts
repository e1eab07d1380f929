/** Options of the Connection field that HTTP/1.1 itself gives a meaning (RFC 9110 §7.6.1). */
export const OPTION = { close: 1, keepAlive: 2, upgrade: 4, te: 8, others: 16 } as const;

/** The options that a Connection value names, as bits of OPTION. */
export function optionsIn(value: string): number {
  // The two values that nearly every message has.
  if (value === "keep-alive") return OPTION.keepAlive;
  if (value === "close") return OPTION.close;
  let bits = 0;
  for (const name of optionNames(value)) bits |= bitOf(name);
  return bits;
}

/** The names in a Connection value, in lower case. */
export function optionNames(value: string): readonly string[] {
  return value
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function bitOf(name: string): number {
  switch (name) {
    case "close":
      return OPTION.close;
    case "keep-alive":
      return OPTION.keepAlive;
    case "upgrade":
      return OPTION.upgrade;
    case "te":
      return OPTION.te;
    default:
      return OPTION.others;
  }
}
