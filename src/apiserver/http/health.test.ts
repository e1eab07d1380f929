import { expect, test } from "vitest";
import { Health } from "./health.ts";

const health = new Health({
  healthz: {},
  livez: { store: () => undefined },
  readyz: { store: () => "disk full", shutdown: () => undefined },
});

async function ask(endpoint: string, query = "", ...path: string[]): Promise<string> {
  let answer = "";
  const sendText = (status: number, text: string): Promise<void> => {
    answer = `${status} ${text}`;
    return Promise.resolve();
  };
  await health.serve({ query: new URLSearchParams(query), sendText }, endpoint, path);
  return answer;
}

test.each<[sentence: string, endpoint: string, query: string, path: readonly string[], answer: string]>([
  ["what is well", "livez", "", [], "200 ok"],
  ["what is well at length", "livez", "verbose", [], "200 [+]ping ok\n[+]store ok\nlivez check passed\n"],
  [
    "what is not well, always at length",
    "readyz",
    "",
    [],
    "500 [+]ping ok\n[-]store failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n",
  ],
  [
    "what is well but for what does not count",
    "readyz",
    "exclude=store&verbose=1",
    [],
    "200 [+]ping ok\n[+]store excluded: ok\n[+]shutdown ok\nreadyz check passed\n",
  ],
  ["one check that passes", "readyz", "", ["ping"], "200 ok"],
  ["one check that fails, and why", "readyz", "", ["store"], "500 internal server error: disk full\n"],
  ["no such check", "readyz", "", ["none"], "404 404 page not found\n"],
  ["nothing below a check", "readyz", "", ["ping", "more"], "404 404 page not found\n"],
])("tells %s", async (_, endpoint, query, path, answer) => {
  expect(await ask(endpoint, query, ...path)).toBe(answer);
});

test("has three endpoints", () => {
  expect(["healthz", "livez", "readyz", "metrics"].map((name) => health.has(name))).toEqual([true, true, true, false]);
});
