/** The length of the text in UTF-8, the unit of Kubernetes' limits. Lone surrogates count as U+FFFD (three bytes). */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes++;
    if (unit < 0x800) continue;
    const pair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    // A pair of two units is four bytes: two for each unit; any other unit from U+0800 on is three bytes.
    bytes++;
    if (pair) i++;
  }
  return bytes;
}
