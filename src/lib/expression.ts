/**
 * A regular expression of a match, for the whole value (as Envoy-based implementations of the Gateway API match), or
 * undefined when it is none. JavaScript's syntax, and RE2's leading `(?i)`.
 */
export function wholeValueExpression(text: string): RegExp | undefined {
  const insensitive = text.startsWith("(?i)");
  try {
    return new RegExp(`^(?:${insensitive ? text.slice(4) : text})$`, insensitive ? "is" : "s");
  } catch {
    return undefined;
  }
}
