const NEWLINE = 0x0a;

/**
 * The JSON values of a stream that separates them by newlines, one after the other: the next chunk is not asked for before the last
 * value has been taken. Bytes after the last newline are a value only when the stream ends with them whole.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, void> {
  let pending: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      pending.push(chunk.subarray(start, end));
      const line = textOf(pending);
      pending = [];
      start = end + 1;
      if (line !== "") yield JSON.parse(line);
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  const rest = textOf(pending);
  if (rest !== "") yield JSON.parse(rest);
}

function textOf(chunks: readonly Uint8Array[]): string {
  const [first] = chunks;
  const whole = chunks.length === 1 && first ? first : Buffer.concat(chunks);
  return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString("utf8").trim();
}
