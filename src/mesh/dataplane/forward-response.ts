import { OPTION } from "../http1/connection-options.ts";
import type { FieldTable } from "../http1/field-table.ts";
import { FIELD, HOP_BY_HOP } from "../http1/fields.ts";
import type { ResponseHead } from "../http1/response-head.ts";
import { namedOptions } from "./forward-request.ts";
import type { HeaderEdits } from "./header-edits.ts";

/** What goes to the client about the framing and the connection, beside the backend's fields. */
export interface ResponseFrame {
  readonly chunked: boolean;
  /** The Connection line; empty: HTTP/1.1 persists by itself. */
  readonly connection: string;
  /** A Date line for a response without one (RFC 9110 §6.6.1), else empty. */
  readonly date: string;
}

const EMPTY: ReadonlySet<string> = new Set();

/** The head with which a response goes to the client: the backend's lines as they came, without those about its connection. */
export function forwardResponse(head: ResponseHead, frame: ResponseFrame, edits: HeaderEdits | undefined): string {
  // 204 must have no Content-Length (RFC 9110 §8.6).
  let out = `HTTP/1.1 ${head.statusText}\r\n${endToEnd(head, head.status === 204, edits)}${frame.date}`;
  if (frame.chunked) out += "Transfer-Encoding: chunked\r\n";
  return `${out + frame.connection}\r\n`;
}

/** An interim response (1xx): no framing, no edits. */
export function forwardInterim(head: ResponseHead): string {
  return `HTTP/1.1 ${head.statusText}\r\n${endToEnd(head, true, undefined)}\r\n`;
}

/** 101: from here on the connection carries another protocol. */
export function forwardSwitch(head: ResponseHead): string {
  const protocol = head.fields.get("upgrade") ?? "";
  return `HTTP/1.1 ${head.statusText}\r\n${endToEnd(head, true, undefined)}Upgrade: ${protocol}\r\nConnection: Upgrade\r\n\r\n`;
}

function endToEnd(head: ResponseHead, dropLength: boolean, edits: HeaderEdits | undefined): string {
  const { fields } = head;
  const named = (head.options & OPTION.others) === 0 ? EMPTY : namedOptions(fields);
  const slow = named !== EMPTY || edits !== undefined;
  let out = "";
  let run = 0;
  for (let i = 0; i < fields.count; i++) {
    const id = fields.id(i);
    const dropped = id !== FIELD.other && (HOP_BY_HOP[id] === 1 || (dropLength && id === FIELD.contentLength));
    if (!dropped && !(slow && isNamed(fields, i, named, edits))) continue;
    if (run < i) out += fields.lines(run, i);
    run = i + 1;
  }
  if (run < fields.count) out += fields.lines(run, fields.count);
  return edits === undefined ? out : out + edits.lines;
}

function isNamed(
  fields: FieldTable,
  index: number,
  named: ReadonlySet<string>,
  edits: HeaderEdits | undefined,
): boolean {
  const name = fields.name(index);
  return named.has(name) || edits?.drop.has(name) === true;
}

/** `timeout` of the Keep-Alive field in milliseconds, if the server says how long it keeps an unused connection. */
export function keepAliveTimeout(fields: FieldTable): number | undefined {
  const seconds = /(?:^|[,\s])timeout\s*=\s*(\d{1,9})/i.exec(fields.get("keep-alive") ?? "")?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
