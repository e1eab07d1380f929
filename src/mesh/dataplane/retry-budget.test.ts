import { expect, test } from "vitest";
import { RetryBudget } from "./retry-budget.ts";

const spendAll = (budget: RetryBudget, now: number): number => {
  let spent = 0;
  while (spent < 10_000 && budget.spend(now)) spent++;
  return spent;
};

test("rare requests can be retried: ten a second over ten seconds", () =>
  expect(spendAll(new RetryBudget(0), 0)).toBe(100));

test("a fifth of the requests on top", () => {
  const budget = new RetryBudget(0);
  for (let i = 0; i < 1000; i++) budget.request(0);
  expect(spendAll(budget, 0)).toBe(300);
});

test("what was spent comes back as it falls out of the window", () => {
  const budget = new RetryBudget(0);
  expect(spendAll(budget, 0)).toBe(100);
  expect(spendAll(budget, 9_999)).toBe(0);
  expect(spendAll(budget, 15_000)).toBe(50);
  expect(spendAll(budget, 30_000)).toBe(100);
});
