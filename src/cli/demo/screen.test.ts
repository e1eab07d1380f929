import { expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import type { Output } from "../context.ts";
import { Screen } from "./screen.ts";

class Paper implements Output {
  readonly columns = 24;
  readonly isTTY: boolean;
  text = "";

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

const live = { table: () => ["a table", "that is wider than the screen"], lines: () => ["a line"] };

test("without a terminal lines stay, and what is true now is told every five seconds", async () => {
  const [paper, clock] = [new Paper(false), new FakeClock()];
  {
    using screen = new Screen(paper, clock);
    screen.print("one\n\ntwo");
    screen.show(live);
    await clock.advance(65_000);
    screen.show();
    await clock.advance(10_000);
  }
  const lines = paper.text.split("\n");
  expect(lines.slice(0, 4)).toEqual([" 0:00 one", "", " 0:00 two", " 0:05 a line"]);
  expect(lines.slice(-2)).toEqual([" 1:05 a line", ""]);
  expect(clock.pending).toBe(0);
});

test("on a terminal the table is drawn below the lines, over itself, and is gone in the end", async () => {
  const [paper, clock] = [new Paper(true), new FakeClock()];
  {
    using screen = new Screen(paper, clock);
    screen.show(live);
    await clock.advance(250);
    expect(paper.text).toBe("a table\nthat is wider than the \n");
    paper.text = "";
    screen.print("one");
    expect(paper.text).toBe("\u001b[2A\u001b[J 0:00 one\na table\nthat is wider than the \n");
    paper.text = "";
  }
  expect(paper.text).toBe("\u001b[2A\u001b[J");
  expect(clock.pending).toBe(0);
});
