import { afterEach, expect, test } from "vitest";
import { NodePortClaims } from "./node-port-claims.ts";

/** Below NodePorts, so that no engine of this machine has it. */
const PORT = 1;
let stack = new DisposableStack();
afterEach(() => {
  stack.dispose();
  stack = new DisposableStack();
});
const worker = (engine: string): NodePortClaims => stack.use(new NodePortClaims(`${engine} ${process.pid}`));

test("a port is one engine's, whose workers share it", async () => {
  const [one, two, other] = [worker("a"), worker("a"), worker("b")];
  expect(await one.take(PORT)).toBe(true);
  expect(await one.take(PORT)).toBe(true);
  expect(await two.take(PORT)).toBe(true);
  expect(await other.take(PORT)).toBe(false);
  expect(await other.take(PORT + 1)).toBe(true);
  expect(await two.take(PORT + 1)).toBe(false);
});

test("it is free again when its holder has let go of it", async () => {
  const [one, other] = [worker("a"), worker("b")];
  expect(await one.take(PORT)).toBe(true);
  one.release(PORT);
  expect(await other.take(PORT)).toBe(true);
  expect(await one.take(PORT)).toBe(false);
  other[Symbol.dispose]();
  expect(await one.take(PORT)).toBe(true);
});

test("of two engines that want it at once one gets it", async () => {
  const all = ["a", "b", "c"].map(worker);
  const got = await Promise.all(all.map((claims) => claims.take(PORT)));
  expect(got.filter(Boolean)).toHaveLength(1);
});
