import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeContinue, encodeContinue } from "./continue-token.ts";

describe("continue tokens", () => {
  test("come back as they were", () => {
    const token = fc.record({ revision: fc.integer({ min: 1 }), after: fc.string({ minLength: 1 }) });
    fc.assert(
      fc.property(token, (given) => {
        fc.pre(!given.after.endsWith("\0"));
        expect(decodeContinue(encodeContinue(given))).toEqual(given);
      }),
    );
  });

  const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  test.each([
    ["garbage", "invalid character '\\u0081' looking for beginning of value"],
    ["a", "illegal base64 data at input byte 0"],
    ["ab$d", "illegal base64 data at input byte 2"],
    ["", "unexpected end of JSON input"],
    [json({ v: "v9", rv: 1, start: "a" }), 'server does not recognize this encoded version "v9"'],
    [
      json({ v: "meta.k8s.io/v1", rv: 0, start: "a" }),
      "incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
    ],
    [json({ v: "meta.k8s.io/v1", rv: 1 }), "encoded start key empty (version meta.k8s.io/v1)"],
    [json([]), 'server does not recognize this encoded version ""'],
  ])("%s is refused", (text, why) => {
    expect(() => decodeContinue(text)).toThrow(`invalid continue token: continue key is not valid: ${why}`);
  });
});
