import { expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import type { Context } from "../context.ts";
import { parseDuration, withDeadline } from "./timeout.ts";

test.each([
  ["0", 0],
  ["90", 90_000],
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["250ms", 250],
])("%s is %i ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(["", "soon", "10x", "1m 30s", "-5s"])("%j is no duration", (text) => {
  expect(() => parseDuration(text)).toThrow("a duration is written like");
});

function context(
  clock: FakeClock,
  signal: AbortSignal = new AbortController().signal,
): Pick<Context, "clock" | "signal"> {
  return { clock, signal };
}

/** Ends only when it is told to, as a watch does. */
const endless = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve("ended")));

test("work that ends in time gives its result, and leaves no timer", async () => {
  const clock = new FakeClock();
  await expect(withDeadline(context(clock), 1000, "late", () => Promise.resolve(7))).resolves.toBe(7);
  expect(clock.pending).toBe(0);
});

test("work that does not is ended, and the error says what was waited for", async () => {
  const clock = new FakeClock();
  const late = expect(withDeadline(context(clock), 1000, "late", endless)).rejects.toMatchObject({
    code: "timeout",
    message: "late",
  });
  await clock.advance(1000);
  await late;
});

test("without a deadline only the user ends it", async () => {
  const [clock, user] = [new FakeClock(), new AbortController()];
  const interrupted = expect(withDeadline(context(clock, user.signal), 0, "late", endless)).rejects.toThrow("Ctrl-C");
  await clock.advance(1_000_000);
  user.abort(new Error("Ctrl-C"));
  await interrupted;
});
