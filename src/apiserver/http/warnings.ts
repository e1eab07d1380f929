/** Longer texts are cut when the warnings of one answer are more than this together, as Kubernetes does. */
const TOTAL = 4096;
const EACH = 256;

/**
 * Warnings for the client, sent as `Warning: 299 - "…"` headers (RFC 7234 section 5.5), each text once.
 * https://kubernetes.io/blog/2020/09/03/warnings/
 */
export class Warnings {
  readonly #texts = new Set<string>();

  add(text: string): void {
    this.#texts.add(text);
  }

  headers(): string[] {
    const texts = [...this.#texts];
    const long = texts.reduce((sum, text) => sum + text.length, 0) > TOTAL;
    let left = TOTAL;
    return texts.flatMap((text) => {
      const shown = long ? text.slice(0, EACH) : text;
      left -= shown.length;
      return left < 0 ? [] : [`299 - "${escaped(shown)}"`];
    });
  }
}

/** A quoted-string of a header: backslash and quote escaped, and no control character that would end the header. */
function escaped(text: string): string {
  return text.replace(/[\\"]/g, "\\$&").replace(/\p{Cc}/gu, " ");
}
