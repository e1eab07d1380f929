import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { quoteAll, splitEnvironment } from "./shim-script.ts";

test("quoted words mean themselves to a shell", () => {
  const unit = fc.constantFrom(
    ..."' \" \\ $ ` * ? [ ] { } ( ) < > | & ; ! # ~ % = - + \t \n \r a Z 0 ü 😀".split(" "),
    " ",
  );
  const text = fc.string({ unit, maxLength: 8 });
  const words = [...fc.sample(text, 500), "'", "a'b", "$x", "`x`", "\\", "\n", "", "-n", "*"];
  const output = execFileSync("sh", ["-c", `for w in ${quoteAll(words)}; do printf '%s\\0' "$w"; done`], {
    encoding: "utf8",
  });
  expect(output.split("\0").slice(0, -1)).toEqual(words);
});

test("what a shell drops or heeds goes another way", () => {
  const env = {
    A: "1",
    "spring.name": "2",
    "x-y": "3",
    PATH: "4",
    LD_PRELOAD: "5",
    IFS: "6",
    PWD: "7",
    _: "8",
    "1X": "9",
    ok_2: "10",
  };
  const { plain, special } = splitEnvironment(env);
  expect(plain).toEqual({ A: "1", ok_2: "10" });
  expect({ ...plain, ...special }).toEqual(env);
});
