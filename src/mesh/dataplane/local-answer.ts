import type { RedirectFilter } from "../../plan/routing/snapshot.ts";
import type { RequestHead } from "../http1/request-head.ts";
import { locationOf } from "./rewrite.ts";

/** Reason phrases of the statuses with which the mesh itself answers. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [200, "OK"],
  [301, "Moved Permanently"],
  [302, "Found"],
  [303, "See Other"],
  [307, "Temporary Redirect"],
  [308, "Permanent Redirect"],
  [400, "Bad Request"],
  [404, "Not Found"],
  [408, "Request Timeout"],
  [414, "URI Too Long"],
  [417, "Expectation Failed"],
  [431, "Request Header Fields Too Large"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
  [505, "HTTP Version Not Supported"],
]);

export interface LocalAnswer {
  readonly status: number;
  readonly text: string;
  /** Further field lines. */
  readonly lines?: string;
}

export const CROWDED: LocalAnswer = {
  status: 503,
  text: "too many requests wait for this backend",
  lines: "Retry-After: 1\r\n",
};

/** An answer of the mesh's own as it goes over the wire. To HEAD it has no content, though its length. */
export function localAnswer(answer: LocalAnswer, method: string, connection: string, date: string): string {
  const content = answer.text === "" ? "" : `sluice: ${answer.text}\n`;
  const type = content === "" ? "" : "Content-Type: text/plain; charset=utf-8\r\n";
  return (
    `HTTP/1.1 ${answer.status} ${REASONS.get(answer.status) ?? ""}\r\n${answer.lines ?? ""}${type}` +
    `Content-Length: ${content.length}\r\n${date}${connection}\r\n${method === "HEAD" ? "" : content}`
  );
}

/** To OPTIONS and TRACE that must go no further (RFC 9110 §7.6.2). */
export function lastHopAnswer(method: string): LocalAnswer {
  return method === "OPTIONS" ? { status: 200, text: "" } : { status: 501, text: "TRACE is not answered here" };
}

/** `prefix`: the path prefix by which the request was matched. */
export function redirectAnswer(redirect: RedirectFilter, head: RequestHead, prefix: string): LocalAnswer {
  const location = locationOf(redirect, head.host, head.target, prefix);
  return { status: redirect.status, text: "", lines: `Location: ${location}\r\n` };
}
