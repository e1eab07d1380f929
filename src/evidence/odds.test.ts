import { expect, test } from "vitest";
import { odds } from "./odds.ts";

test.each([
  [0.3, "none"],
  [1.99, "none"],
  [2, "1:2"],
  [2.5, "1:2"],
  [7.6, "1:8"],
  [57.41, "1:57"],
  [99.6, "1:100"],
  [926.6, "1:930"],
  [16095.7, "1:16,000"],
  [404415.7, "1:400,000"],
  [6548545.9, "beyond 1:1,000,000"],
])("evidence of %d reads %s", (evidence, text) => expect(odds(evidence)).toBe(text));
