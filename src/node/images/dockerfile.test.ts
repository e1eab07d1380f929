import { expect, test } from "vitest";
import { parseDockerfile } from "./dockerfile.ts";
import { expandWord, splitWords } from "./dockerfile-words.ts";

const instruction = (source: string) => {
  const { instructions } = parseDockerfile(source);
  return instructions.map(({ name, text, json, line }) => [line, name, json ?? text]);
};

test.each<[string, string, unknown[]]>([
  [
    "an instruction a line",
    "FROM scratch\nCOPY . /app",
    [
      [1, "FROM", "scratch"],
      [2, "COPY", ". /app"],
    ],
  ],
  ["names in any case", "from scratch", [[1, "FROM", "scratch"]]],
  ["comments and empty lines", "# hi\n\n  # there\nFROM scratch\n", [[4, "FROM", "scratch"]]],
  [
    "continuation lines, with comments between",
    "FROM scratch\nENV A=1 \\\n# note\n\n  B=2",
    [
      [1, "FROM", "scratch"],
      [2, "ENV", "A=1   B=2"],
    ],
  ],
  [
    "another escape character",
    "# escape=`\nFROM scratch\nCMD a `\n b\\c",
    [
      [2, "FROM", "scratch"],
      [3, "CMD", "a  b\\c"],
    ],
  ],
  [
    "the JSON form",
    'FROM scratch\nCMD ["node", "/a b.js"]',
    [
      [1, "FROM", "scratch"],
      [2, "CMD", ["node", "/a b.js"]],
    ],
  ],
  [
    "broken JSON is the shell form",
    "FROM scratch\nCMD ['node']",
    [
      [1, "FROM", "scratch"],
      [2, "CMD", "['node']"],
    ],
  ],
  [
    "Windows line ends",
    "FROM scratch\r\nUSER 1\r\n",
    [
      [1, "FROM", "scratch"],
      [2, "USER", "1"],
    ],
  ],
])("reads %s", (_, source, want) => expect(instruction(source)).toEqual(want));

test("flags come off the front", () => {
  const [, copy] = parseDockerfile("FROM scratch\nCOPY --chown=1:2 --link a /b").instructions;
  expect(copy).toMatchObject({ flags: { chown: "1:2", link: "true" }, text: "a /b" });
});

test.each([
  ["", "Dockerfile line 1: the file has no instructions"],
  ["FROM scratch\n\nCOPPY a b", "Dockerfile line 3: unknown instruction: COPPY"],
  ["FROM scratch\nENV", "Dockerfile line 2: ENV requires at least one argument"],
  ["# escape=x\nFROM a", "Dockerfile line 1: invalid ESCAPE 'x': must be ' or \\"],
  ["FROM scratch\nCOPY --link --link a b", "Dockerfile line 2: Duplicate flag specified: link"],
  [
    "FROM scratch\nCOPY <<EOF /a\nx\nEOF",
    "Dockerfile line 2: COPY with a here-document is not supported: put the text into a file and COPY it",
  ],
])("refuses %j", (source, message) => expect(() => parseDockerfile(source)).toThrow(message));

const env: Readonly<Record<string, string>> = { A: "1", EMPTY: "", SP: "x y" };
const lookup = (name: string) => env[name];

test.each<[string, string[]]>([
  ["a b", ["a", "b"]],
  ["a \"b c\" 'd $A'", ["a", "b c", "d $A"]],
  ["$A ${A}x ${NO} $NO", ["1", "1x", "", ""]],
  ["${NO:-d} ${EMPTY:-d} ${EMPTY-d} ${A:+s} ${NO+s}", ["d", "d", "", "s", ""]],
  ["${NO:-$A}", ["1"]],
  ["\\$A a\\ b", ["$A", "a b"]],
  ['"\\$A \\n \\"q\\""', ['$A \\n "q"']],
  ["$SP", ["x y"]],
  ['K="v w"', ["K=v w"]],
  ["5$ $", ["5$", "$"]],
])("splits %s", (text, want) => expect(splitWords(text, "\\", lookup, 1)).toEqual(want));

test.each([
  ["'a", "matching single-quote"],
  ['"a', "matching double-quote"],
  ["${A", "unsupported modifier"],
  ["${1}", "bad substitution"],
  ["${NO:?needed}", "NO: needed"],
])("refuses %s", (text, message) => expect(() => splitWords(text, "\\", lookup, 7)).toThrow(message));

test("expands without splitting", () => expect(expandWord("/srv/$A x", "\\", lookup, 1)).toBe("/srv/1 x"));
