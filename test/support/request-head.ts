import { RequestHead } from "../../src/mesh/http1/request-head.ts";

/** A request head that was read: `GET /a` and field lines. */
export function requestHead(line: string, ...fields: readonly string[]): RequestHead {
  const lines = [`${line} HTTP/1.1`, ...(fields.some((f) => /^host:/i.test(f)) ? [] : ["Host: web"]), ...fields];
  const bytes = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  const head = new RequestHead();
  const end = head.read(bytes, 0, bytes.length);
  if (end !== bytes.length) throw new Error(`not read: ${end}`);
  return head;
}
