import { expect, test } from "vitest";
import { ResponseHead } from "../http1/response-head.ts";
import { keepAliveTimeout } from "./forward-response.ts";

const cases: readonly [string, number | undefined][] = [
  ["Keep-Alive: timeout=5", 5_000],
  ["Keep-Alive: timeout=5, max=100", 5_000],
  ["Keep-Alive: max=100,timeout = 72", 72_000],
  ["Keep-Alive: timeouts=5", undefined],
  ["Keep-Alive: timeout=5x", 5_000],
  ["Keep-Alive: max=100", undefined],
  ["X: timeout=5", undefined],
];
test.each(cases)("%s", (field, want) => {
  const head = new ResponseHead();
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
  head.read(bytes, 0, bytes.length);
  expect(keepAliveTimeout(head.fields)).toBe(want);
});
