import { expect, test } from "vitest";
import { logBeta, logGamma } from "./log-gamma.ts";

test.each([
  [0.5, 0.5723649429247001],
  [1, 0],
  [2, 0],
  [3.5, 1.2009736023470743],
  [10, 12.801827480081469],
  [100.5, 361.4355404677776],
  [1e6, 12815504.569147611],
])("log gamma of %d", (x, expected) =>
  expect(Math.abs(logGamma(x) - expected)).toBeLessThanOrEqual(1e-13 * Math.max(1, expected)),
);

test("log beta of a half and a half is ln pi", () => expect(logBeta(0.5, 0.5)).toBeCloseTo(Math.log(Math.PI), 13));
