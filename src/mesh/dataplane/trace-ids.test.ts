import { expect, test } from "vitest";
import { TraceIds } from "./trace-ids.ts";

const DRAWN = [0, 0.5, 1 - 2 ** -53, 0.25];

test("has half of the trace's id from the worker, half from the draw and the count", () => {
  let draws = 0;
  const ids = new TraceIds({ next: () => DRAWN[draws++] as number, uuid: () => "" });
  expect(ids.next()).toBe("00-0000000180000000ffffffff00000001-00000001ffffffff-01");
  expect(ids.next()).toBe("00-00000001800000004000000000000002-0000000240000000-01");
});
