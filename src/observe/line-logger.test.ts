import { expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { lineLogger } from "./line-logger.ts";

test("writes one line of JSON a message, with the fields of its ancestors", () => {
  const lines: string[] = [];
  const log = lineLogger(new FakeClock(), { write: (line) => void lines.push(line) }, { process: "mesh-1" });
  log.debug("not said");
  log.child({ part: "peers" }).warn("a peer went away", { peer: "mesh-2" });
  expect(lines).toEqual([
    '{"level":"warn","time":"2026-01-01T00:00:00.000Z","process":"mesh-1","part":"peers","msg":"a peer went away","peer":"mesh-2"}\n',
  ]);
});

test("says what an error is", () => {
  const lines: string[] = [];
  lineLogger(new FakeClock(), { write: (line) => void lines.push(line) }, {}).error("failed", {
    error: new TypeError("no"),
  });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: "failed", error: { type: "TypeError", message: "no" } });
});
