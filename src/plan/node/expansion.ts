/**
 * Replaces `$(NAME)` as Kubernetes does in commands, arguments and variables: an unknown name stays as it is, `$$` is a
 * dollar that begins nothing.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function expand(text: string, valueOf: (name: string) => string | undefined): string {
  if (!text.includes("$")) return text;
  let result = "";
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char !== "$" || at + 1 === text.length) {
      result += char;
      continue;
    }
    const close = text.charAt(at + 1) === "(" ? text.indexOf(")", at + 2) : -1;
    if (close >= 0) {
      const name = text.slice(at + 2, close);
      result += valueOf(name) ?? `$(${name})`;
      at = close;
    } else {
      at++;
      result += text.charAt(at) === "$" ? "$" : `$${text.charAt(at)}`;
    }
  }
  return result;
}
