import { expect, test } from "vitest";
import { beginsHttp1 } from "./protocol-detector.ts";

const cases: readonly [string, boolean | undefined][] = [
  ["GET / HTTP/1.1\r\n", true],
  ["GET /abc", true],
  ["POST http://a/ HTTP/1.1\r\n", true],
  ["OPTIONS * HTTP/1.1\r\n", true],
  ["PROPFIND /a HTTP/1.0\r\n", true],
  ["GET /a\r\n", false],
  ["G", undefined],
  ["GET ", undefined],
  ["GET h", undefined],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", false],
  ["get key\r\n", false],
  ["get hkey\r\n", false],
  ["PING\r\n", false],
  ["*1\r\n$4\r\nPING\r\n", false],
  ["\x16\x03\x01\x02\x00", false],
  ["EHLO example.org\r\n", false],
  ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false],
  [" GET / HTTP/1.1\r\n", false],
  ["", undefined],
];
test.each(cases)("%j", (text, want) => expect(beginsHttp1(Buffer.from(text, "latin1"))).toBe(want));
