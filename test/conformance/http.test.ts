import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtinTypes } from "../../src/api/table/builtin.ts";
import { type EmbeddedApiServer, embeddedApiServer } from "../support/embedded-api-server.ts";
import { NamespaceDefaults } from "../support/namespace-defaults.ts";
import { httpCases, isPause } from "./http-case.ts";
import { HttpSession } from "./http-session.ts";
import { Normaliser } from "./normaliser.ts";
import { passing, TRY_ALL } from "./passing.ts";

/** Raw HTTP exchanges that were recorded from the real API server. */

const listed = passing("http");
const cases = httpCases().filter(({ id, needs }) => (TRY_ALL ? needs.length === 0 : listed.has(id)));

let server: EmbeddedApiServer;
let defaults: NamespaceDefaults;
let session: HttpSession;

beforeAll(async () => {
  server = await embeddedApiServer();
  const user = { username: "system:kube-controller-manager", groups: ["system:masters"] };
  defaults = new NamespaceDefaults(server.running.server.client(user), builtinTypes(), server.running.pki.ca);
  session = new HttpSession(server.home.kubeconfig, new Normaliser());
});
afterAll(async () => {
  await defaults[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

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
      if (TRY_ALL && JSON.stringify(got) === JSON.stringify(wanted) && !listed.has(golden.id))
        appendFileSync(1, `passes: http/${golden.id}\n`);
      expect(got).toEqual(wanted);
    });
  }
});
