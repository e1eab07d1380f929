import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { WorkQueue } from "./work-queue.ts";

/** The cases of client-go's util/workqueue and of controller-runtime's controller, by what they state. */
describe("WorkQueue", () => {
  let clock: FakeClock;
  let queue: WorkQueue;

  beforeEach(() => {
    clock = new FakeClock();
    queue = new WorkQueue({ clock, random: seededRandom(), backoff: { base: 1, max: 1000, jitter: 0 } });
  });

  it("hands out keys in the order in which they came", async () => {
    for (const key of ["a", "b", "c"]) queue.add(key);
    expect([await queue.take(), await queue.take(), await queue.take()]).toEqual(["a", "b", "c"]);
  });

  it("holds a key once, however often it is added", async () => {
    for (const key of ["a", "b", "a", "a"]) queue.add(key);
    expect(queue.length).toBe(2);
    expect([await queue.take(), await queue.take()]).toEqual(["a", "b"]);
    expect(queue.length).toBe(0);
  });

  it("does not hand out a key that is being worked on; it comes again when that is done", async () => {
    queue.add("a");
    await queue.take();
    queue.add("a");
    queue.add("a");
    expect(queue.length).toBe(0);
    queue.done("a");
    expect(queue.length).toBe(1);
    expect(await queue.take()).toBe("a");
    queue.done("a");
    expect(queue.length).toBe(0);
  });

  it("puts a key that comes again behind those that wait", async () => {
    queue.add("a");
    await queue.take();
    queue.add("a");
    queue.add("b");
    queue.done("a");
    expect([await queue.take(), await queue.take()]).toEqual(["b", "a"]);
  });

  it("wakes those who wait, one for each key, the longest first", async () => {
    const taken: string[] = [];
    const first = queue.take().then((key) => taken.push(`first ${key}`));
    const second = queue.take().then((key) => taken.push(`second ${key}`));
    queue.add("a");
    await first;
    queue.add("b");
    await second;
    expect(taken).toEqual(["first a", "second b"]);
  });

  it("a key handed to somebody who waits counts as worked on", async () => {
    const taken = queue.take();
    queue.add("a");
    queue.add("a");
    await taken;
    expect(queue.length).toBe(0);
    queue.done("a");
    expect(queue.length).toBe(1);
  });

  it("done for a key that nobody works on changes nothing", () => {
    queue.add("a");
    queue.done("a");
    queue.done("b");
    expect(queue.length).toBe(1);
  });

  describe("addAfter", () => {
    it("adds when the time has come, not before", async () => {
      queue.addAfter("a", 50);
      await clock.advance(49);
      expect(queue.length).toBe(0);
      await clock.advance(1);
      expect(queue.length).toBe(1);
      expect(clock.pending).toBe(0);
    });

    it("adds at once without a delay", () => {
      queue.addAfter("a", 0);
      queue.addAfter("b", -1);
      expect(queue.length).toBe(2);
    });

    it("takes the earlier of two times for a key, whichever was said first", async () => {
      queue.addAfter("late first", 50);
      queue.addAfter("late first", 30);
      queue.addAfter("early first", 30);
      queue.addAfter("early first", 50);
      await clock.advance(30);
      expect(queue.length).toBe(2);
      await queue.take();
      await queue.take();
      queue.done("late first");
      queue.done("early first");
      await clock.advance(1000);
      expect(queue.length).toBe(0);
    });

    it("comes again after the delay also when the key was worked on meanwhile", async () => {
      queue.addAfter("a", 50);
      queue.add("a");
      await queue.take();
      queue.done("a");
      await clock.advance(50);
      expect(queue.length).toBe(1);
    });

    it("waits for the work on the key to be done", async () => {
      queue.add("a");
      await queue.take();
      queue.addAfter("a", 10);
      await clock.advance(10);
      expect(queue.length).toBe(0);
      queue.done("a");
      expect(queue.length).toBe(1);
    });

    it("keeps many keys apart", async () => {
      queue.addAfter("a", 1000);
      queue.addAfter("b", 500);
      queue.addAfter("c", 750);
      await clock.advance(500);
      expect(await queue.take()).toBe("b");
      await clock.advance(250);
      expect(await queue.take()).toBe("c");
      await clock.advance(250);
      expect(await queue.take()).toBe("a");
    });
  });

  describe("retry", () => {
    it("waits longer each time, for each key by itself, until it is forgotten", () => {
      const retries = (key: string): number => queue.retry(key);
      expect([1, 2, 3, 4, 5].map(() => retries("one"))).toEqual([1, 2, 4, 8, 16]);
      expect(queue.failures("one")).toBe(5);
      expect([retries("two"), retries("two")]).toEqual([1, 2]);
      queue.forget("one");
      expect(queue.failures("one")).toBe(0);
      expect(retries("one")).toBe(1);
      expect(retries("two")).toBe(4);
    });

    it("never waits longer than the longest time", () => {
      for (let i = 0; i < 2000; i++) queue.retry("a");
      expect(queue.retry("a")).toBe(1000);
    });

    it("is overtaken by an event", async () => {
      for (let i = 0; i < 10; i++) queue.retry("a");
      await clock.advance(1);
      await queue.take();
      queue.done("a");
      queue.retry("a");
      queue.add("a");
      expect(queue.length).toBe(1);
    });
  });

  describe("shutDown", () => {
    it("hands out what was ready, then ends", async () => {
      queue.add("a");
      queue.shutDown();
      queue.add("b");
      expect([await queue.take(), await queue.take()]).toEqual(["a", undefined]);
    });

    it("ends those who wait", async () => {
      const takes = [queue.take(), queue.take()];
      queue.shutDown();
      expect(await Promise.all(takes)).toEqual([undefined, undefined]);
    });

    it("leaves no timer behind and starts none", () => {
      queue.addAfter("a", 50);
      queue.shutDown();
      queue.addAfter("b", 50);
      queue.retry("c");
      expect(clock.pending).toBe(0);
    });

    it("drain() resolves when all that was taken or ready is done", async () => {
      queue.add("a");
      queue.add("b");
      await queue.take();
      queue.add("a");
      let drained = false;
      const drain = queue.drain().then(() => {
        drained = true;
      });
      expect(await queue.take()).toBe("b");
      queue.done("b");
      queue.done("a");
      await Promise.resolve();
      expect(drained).toBe(false);
      expect(await queue.take()).toBe("a");
      queue.done("a");
      await drain;
    });

    it("drain() of an idle queue resolves at once, for everyone who asks", async () => {
      await Promise.all([queue.drain(), queue.drain()]);
    });
  });

  it("never loses a key and never hands out one twice at once, whatever happens in whatever order", async () => {
    const key = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ do: fc.constantFrom("add", "done", "retry", "forget"), key }),
      fc.record({ do: fc.constant("after"), key, delay: fc.integer({ min: 0, max: 20 }) }),
      fc.record({ do: fc.constantFrom("take"), key }),
      fc.record({ do: fc.constant("advance"), key, delay: fc.integer({ min: 0, max: 20 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const time = new FakeClock();
        const tried = new WorkQueue({ clock: time, random: seededRandom(), backoff: { base: 1, max: 8, jitter: 0.5 } });
        const working = new Set<string>();
        /** Keys that must be handed out once more. */
        const owed = new Set<string>();
        for (const { do: what, key: k, ...rest } of steps) {
          const delay = "delay" in rest ? rest.delay : 0;
          if (what === "add") tried.add(k);
          else if (what === "after") tried.addAfter(k, delay);
          else if (what === "retry") tried.retry(k);
          else if (what === "forget") tried.forget(k);
          else if (what === "advance") await time.advance(delay);
          if (["add", "after", "retry"].includes(what)) owed.add(k);
          if (what === "done" && working.delete(k)) tried.done(k);
          if (what === "take" && tried.length > 0) {
            const taken = (await tried.take())!;
            expect(working).not.toContain(taken);
            working.add(taken);
            owed.delete(taken);
          }
        }
        for (const k of working) tried.done(k);
        await time.advance(10_000);
        while (tried.length > 0) {
          const taken = (await tried.take())!;
          owed.delete(taken);
          tried.done(taken);
        }
        expect([...owed]).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
