import { expect, test } from "vitest";
import { slowStart } from "./slow-start.ts";

function counting(failAt = Number.POSITIVE_INFINITY) {
  const batches: number[] = [];
  let running = 0;
  let started = 0;
  const work = async (): Promise<number> => {
    if (running === 0) batches.push(0);
    running += 1;
    batches[batches.length - 1]! += 1;
    const mine = ++started;
    await Promise.resolve();
    running -= 1;
    if (mine >= failAt) throw new Error(`failure ${mine}`);
    return mine;
  };
  return { work, batches };
}

test("batches double", async () => {
  const { work, batches } = counting();
  expect((await slowStart(10, work)).done).toHaveLength(10);
  expect(batches).toEqual([1, 2, 4, 3]);
});

test("nothing follows a batch in which one fails", async () => {
  const { work, batches } = counting(3);
  const { done, error } = await slowStart(100, work);
  expect(done).toEqual([1, 2]);
  expect(error?.message).toBe("failure 3");
  expect(batches).toEqual([1, 2]);
});

test("nothing to do", async () => {
  expect(await slowStart(0, counting().work)).toEqual({ done: [] });
});
