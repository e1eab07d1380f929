import { expect, test } from "vitest";
import { parseLog, type RequestRecord, summarise } from "./record.ts";

const base: RequestRecord = {
  at: 10,
  took: 1,
  user: "a",
  operation: "get",
  method: "GET" as const,
  status: 200,
  version: "1",
};
const withoutAnswer = { at: 10, took: 1, user: "a", operation: "get", method: "GET" as const, error: "ECONNRESET" };

test.each<[string, RequestRecord, { failed: number; refused: number; usersHit: number }]>([
  ["a good answer is neither", base, { failed: 0, refused: 0, usersHit: 0 }],
  ["a 4xx is refused, not failed", { ...base, status: 404 }, { failed: 0, refused: 1, usersHit: 0 }],
  ["a 5xx has failed", { ...base, status: 503 }, { failed: 1, refused: 0, usersHit: 1 }],
  ["no answer has failed", withoutAnswer, { failed: 1, refused: 0, usersHit: 1 }],
  ["an unparsable answer has failed", { ...base, error: "unparsable" }, { failed: 1, refused: 0, usersHit: 1 }],
])("%s", (_, record, want) => expect(summarise([record])).toMatchObject({ sent: 1, users: 1, ...want }));

test("only what was sent in the window counts, and a user is hit once", () => {
  const failed = { ...base, status: 500 };
  const records = [{ ...failed, at: 5 }, failed, { ...failed, at: 12 }, { ...failed, at: 20 }];
  expect(summarise(records, 10, 20)).toEqual({
    sent: 2,
    failed: 2,
    refused: 0,
    users: 1,
    usersHit: 1,
    byVersion: { 1: 2 },
  });
});

test("half a line at the end of a log is left out", () => {
  expect(parseLog(`${JSON.stringify(base)}\n{"at":1`)).toEqual([base]);
});
