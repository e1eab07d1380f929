import { expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { type Correlation, EventCorrelator } from "./event-correlator.ts";

const about = { kind: "Pod", namespace: "default", name: "p", uid: "u" };

function correlatorOf() {
  const clock = new FakeClock();
  const correlator = new EventCorrelator(clock);
  const tell = (message: string, reason = "Failed", object = about): Correlation | undefined =>
    correlator.correlate(object, { type: "Warning", reason, message });
  return { clock, tell, correlator };
}

test("the same event again has the same key, under which it is remembered", () => {
  const { tell, correlator } = correlatorOf();
  const key = tell("a")?.key ?? "";
  expect(tell("a")?.key).toBe(key);
  expect(correlator.written(key)).toBeUndefined();
  correlator.remember(key, { name: "event-1", count: 1 });
  expect(correlator.written(key)).toEqual({ name: "event-1", count: 1 });
});

test.each([
  ["another message", "b", "Failed", about],
  ["another reason", "a", "Killing", about],
  ["another object", "a", "Failed", { ...about, uid: "v" }],
])("%s is another event", (_, message, reason, object) => {
  const { tell } = correlatorOf();
  expect(tell("a")?.key).not.toBe(tell(message, reason, object)?.key);
});

test("many messages of one kind are told together", () => {
  const { tell } = correlatorOf();
  for (let i = 0; i < 9; i++) expect(tell(`m${i}`)?.message).toBe(`m${i}`);
  const combined = tell("m9");
  expect(combined?.message).toBe("(combined from similar events): m9");
  expect(tell("m10")).toEqual({
    message: "(combined from similar events): m10",
    key: combined?.key,
    combined: true,
  });
  expect(tell("m3")?.message).toBe("m3");
});

test("after a quiet time messages are told one by one again", async () => {
  const { clock, tell } = correlatorOf();
  for (let i = 0; i < 10; i++) tell(`m${i}`);
  await clock.advance(600_001);
  expect(tell("m10")?.message).toBe("m10");
});

test("an object that has too many events is silenced, and heard again every five minutes", async () => {
  const { clock, tell } = correlatorOf();
  for (let i = 0; i < 25; i++) expect(tell("a")).toBeDefined();
  expect(tell("a")).toBeUndefined();
  expect(tell("a", "Failed", { ...about, uid: "v" })).toBeDefined();
  await clock.advance(300_000);
  expect(tell("a")).toBeDefined();
  expect(tell("a")).toBeUndefined();
});
