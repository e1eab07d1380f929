import { expect, test } from "vitest";
import { Account } from "./account.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import { Ledger } from "./ledger.ts";

type Act = (account: Account, ledger: Ledger) => void;
const told =
  (time: number): Act =>
  (_, ledger) =>
    Array.from({ length: 10 }).forEach(() => ledger.pace("s", "GET /a/{id}").add(time));
const cases: readonly [string, readonly Act[], object][] = [
  ["answered well", [(a) => a.close(false)], { requests: 1, users: 1 }],
  ["answered badly", [(a) => a.close(true)], { requests: 1, failures: 1, hit: 1, users: 1, harm: 1 }],
  [
    "failed, then answered well by another",
    [(a) => a.failed(), (a) => a.close(false)],
    { requests: 1, failures: 1, retried: 1, users: 1, harm: 1 },
  ],
  [
    "failed, then answered badly",
    [(a) => a.failed(), (a) => a.close(true)],
    { requests: 1, failures: 1, hit: 1, users: 1, harm: 1 },
  ],
  [
    "failed twice",
    [(a) => a.failed(), (a) => a.failed(), (a) => a.close(true)],
    { requests: 1, failures: 1, hit: 1, users: 1, harm: 1 },
  ],
  ["the client went away", [(a) => a.abandon(), (a) => a.close(true)], {}],
  [
    "failed, then the client went away",
    [(a) => a.failed(), (a) => a.abandon()],
    { requests: 1, failures: 1, hit: 1, users: 1, harm: 1 },
  ],
  [
    "overdue, then answered well by the old version",
    [(a) => a.overdue(true), (a) => a.close(false)],
    { requests: 1, failures: 1, retried: 1, users: 1, harm: 1 },
  ],
  [
    "overdue, then answered well all the same",
    [(a) => a.overdue(false), (a) => a.close(false)],
    { requests: 1, failures: 1, hit: 1, users: 1, harm: 1 },
  ],
  ["the client gave up, nobody knows how soon an answer may come", [(a) => a.heard(0, true), (a) => a.gaveUp(900)], {}],
  [
    "the client gave up later than the old version answers",
    [told(100), (a) => a.heard(0, true), (a) => a.gaveUp(110)],
    { requests: 1, failures: 1, hit: 1, users: 1, harm: 1 },
  ],
  [
    "the client gave up before the old version would have answered",
    [told(100), (a) => a.heard(0, true), (a) => a.gaveUp(90)],
    {},
  ],
  [
    "the client gave up while it was its own turn",
    [(a) => a.heard(0, true), (a) => a.heard(5, false), (a) => a.gaveUp(900)],
    {},
  ],
];
test.each(cases)("%s", (_, acts, want) => {
  const ledger = new Ledger();
  const tally = ledger.tally("s", "r", "b", 0.5);
  tally.drawn = 1;
  const heard: string[] = [];
  let harm = 0;
  const gatekeeper: Pick<Gatekeeper, "failed"> = { failed: (...said) => void heard.push(said.join(" ")) };
  const books = { ledger, gatekeeper, counted: (h: boolean) => void (harm += Number(h)) };
  const account = new Account(books, tally, "new", { method: "GET", target: "/a/1", user: "0123456789abcdef" });
  for (const act of acts) act(account, ledger);
  const { failures, users } = ledger.report();
  expect({
    ...(tally.requests > 0 && { requests: tally.requests }),
    ...(failures[0] && { failures: failures[0].failures }),
    ...(failures[0]?.retried && { retried: failures[0].retried }),
    ...(users[0]?.hit?.length && { hit: users[0].hit.length }),
    ...(users.length > 0 && { users: users.length }),
    ...(harm > 0 && { harm }),
  }).toEqual(want);
  expect(heard).toEqual(harm > 0 ? ["s GET /a/{id} new"] : []);
});

test("who is hit is in the books when the failure is told", () => {
  const ledger = new Ledger();
  const told: unknown[] = [];
  const books = {
    ledger,
    gatekeeper: { failed: () => undefined },
    counted: () => void told.push(ledger.report().users),
  };
  new Account(books, ledger.tally("s", "r", "b", 0.5), "new", {
    method: "GET",
    target: "/",
    user: "0123456789abcdef",
  }).close(true);
  expect(told[0]).toMatchObject([{ hit: ["0123456789abcdef"] }]);
});
