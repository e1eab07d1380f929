/**
 * A pattern of COPY or .dockerignore as a regular expression over the whole path: `*` and `?` stay within one path
 * element, `**` spans any number of them, `[a-z]` and `\x` as in Go's filepath.Match.
 * https://docs.docker.com/build/concepts/context/#syntax
 */
export function patternExpression(pattern: string): RegExp {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === "*") {
      if (pattern[i + 1] !== "*") {
        source += "[^/]*";
        continue;
      }
      i++;
      if (pattern[i + 1] === "/") {
        i++;
        source += "(?:.*/)?";
      } else source += ".*";
    } else if (char === "?") source += "[^/]";
    else if (char === "[") {
      const end = classEnd(pattern, i);
      if (end < 0) throw new SyntaxError(`syntax error in pattern: ${pattern}`);
      source += classSource(pattern.slice(i + 1, end));
      i = end;
    } else if (char === "\\" && i + 1 < pattern.length) source += literal(pattern.charAt(++i));
    else source += literal(char);
  }
  return new RegExp(`^${source}$`, "s");
}

/** Whether the text means more than itself. */
export const isPattern = (text: string): boolean => /[*?[\\]/.test(text);

const literal = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** The position of the `]` that ends the class; one that comes first is part of it. */
function classEnd(pattern: string, start: number): number {
  let i = start + 1;
  if (pattern[i] === "^") i++;
  if (pattern[i] === "]") i++;
  while (i < pattern.length && pattern[i] !== "]") i += pattern[i] === "\\" ? 2 : 1;
  return i < pattern.length ? i : -1;
}

function classSource(inner: string): string {
  const negated = inner.startsWith("^");
  const body = (negated ? inner.slice(1) : inner).replace(/\\(.)/g, "$1").replace(/[\\\]^[]/g, "\\$&");
  return `[${negated ? "^" : ""}${body}]`;
}
