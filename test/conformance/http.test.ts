import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestEngine } from "../support/test-engine.ts";
import { httpCases, isPause } from "./http-case.ts";
import { HttpSession } from "./http-session.ts";
import { Normaliser } from "./normaliser.ts";
import { PassingCases } from "./passing.ts";

/** Raw HTTP exchanges that were recorded from the real API server. */

const passing = new PassingCases("http");
const cases = httpCases().filter((golden) => passing.has(golden));

let engine: TestEngine;
let session: HttpSession;

beforeAll(async () => {
  engine = await TestEngine.start();
  session = new HttpSession(engine.kubeconfig, new Normaliser());
});
afterAll(() => engine[Symbol.asyncDispose]());

describe("raw exchanges", () => {
  for (const golden of cases) {
    test.concurrent(`${golden.id}: ${golden.title}`, async () => {
      const answers = await session.run(golden);
      const compared = golden.exchanges.flatMap((step, i) =>
        isPause(step) || !step.response
          ? []
          : [{ of: `${step.method} ${step.path}`, wanted: step.response, got: answers[i] }],
      );
      const got = compared.map(({ of, got: answer }) => ({ of, answer }));
      const wanted = compared.map(({ of, wanted: answer }) => ({ of, answer }));
      passing.note(golden, got, wanted, "raw exchanges");
      expect(got).toEqual(wanted);
    });
  }
});
