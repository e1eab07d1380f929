import { expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { Sweep, type Timed } from "./sweep.ts";

test("calls what is due, late by one look at most, and sleeps when nobody is there", async () => {
  const clock = new FakeClock();
  const sweep = new Sweep(clock, 50);
  const expired: number[] = [];
  const member = { deadline: 120, expire: (now: number) => void expired.push(now) };
  sweep.add(member);
  await clock.advance(119);
  expect(expired).toEqual([]);
  member.deadline = 130;
  await clock.advance(31);
  expect(expired).toEqual([150]);
  sweep.delete(member);
  await clock.advance(50);
  expect(clock.pending).toBe(0);
});

test("one that is removed by another is not called", async () => {
  const clock = new FakeClock();
  const sweep = new Sweep(clock, 50);
  let calls = 0;
  const second: Timed = { deadline: 0, expire: () => void calls++ };
  const first: Timed = {
    deadline: 0,
    expire: () => {
      sweep.delete(first);
      sweep.delete(second);
    },
  };
  sweep.add(first);
  sweep.add(second);
  await clock.advance(200);
  expect(calls).toBe(0);
  sweep.close();
});
