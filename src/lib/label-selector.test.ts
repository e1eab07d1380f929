import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  EVERYTHING,
  formatLabelSelector,
  labelSelectorOf,
  labelSelectorOfMap,
  matchesLabels,
  NOTHING,
  parseLabelSelector,
} from "./label-selector.ts";

const NAME_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

describe("parseLabelSelector", () => {
  test.each([
    ["", ""],
    ["a=b", "a=b"],
    ["a==b", "a==b"],
    ["b=2,a=1", "a=1,b=2"],
    ["a!=b", "a!=b"],
    ["a", "a"],
    ["!a", "!a"],
    ["! a", "!a"],
    ["a in (y,x,y)", "a in (x,y)"],
    ["a notin (x)", "a notin (x)"],
    ["a in ()", "a in ()"],
    ["a in (,x)", "a in (,x)"],
    ["a in (x,)", "a in (,x)"],
    ["in in (in, notin)", "in in (in,notin)"],
    ["a=,b", "a=,b"],
    ["n>1, m<2", "m<2,n>1"],
    ["app.kubernetes.io/name=shop", "app.kubernetes.io/name=shop"],
  ])("%j is printed %j", (text, printed) => {
    expect(formatLabelSelector(parseLabelSelector(text))).toBe(printed);
  });

  test.each([
    ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ["a in", "unable to parse requirement: found '' expected: '('"],
    ["a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"],
    ["a in (!", "unable to parse requirement: found '!', expected: ',', ')' or identifier"],
    ["a=b c", "found 'c', expected: ',' or 'end of string'"],
    ["!a=b", "found '=', expected: ',' or 'end of string'"],
    ["!!a", "unable to parse requirement: found '!', expected: identifier"],
    ["a=!", "unable to parse requirement: found '!', expected: identifier"],
    [",a", "found ',', expected: !, identifier, or 'end of string'"],
    ["a,", "found '', expected: identifier after ','"],
    ["a=-", `unable to parse requirement: values[0][a]: Invalid value: "-": ${VALUE_RULE}`],
    ["-=a", `unable to parse requirement: <nil>: Invalid value: "-": name part ${NAME_RULE}`],
    ["/a", `unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty`],
    [
      "a/b/c=d",
      `unable to parse requirement: <nil>: Invalid value: "a/b/c": a valid label key ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ],
    [
      "a>x",
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ])("refuses %j", (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ message }));
  });

  test("never throws anything but its own error", () => {
    const piece = fc.constantFrom(
      "a",
      "in",
      "notin",
      "x/y",
      "-",
      "=",
      "==",
      "!=",
      "!",
      "(",
      ")",
      ",",
      ">",
      "<",
      " ",
      "\0",
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          const selector = parseLabelSelector(pieces.join(""));
          expect(parseLabelSelector(formatLabelSelector(selector))).toEqual(selector);
        } catch (error) {
          expect(error).toHaveProperty("code", "InvalidSelector");
        }
      }),
    );
  });
});

describe("matchesLabels", () => {
  const labels = { app: "shop", tier: "web", n: "5", empty: "" };
  test.each([
    ["app=shop", true],
    ["app=other", false],
    ["absent=", false],
    ["empty=", true],
    ["app!=shop", false],
    ["absent!=x", true],
    ["app in (a,shop)", true],
    ["app notin (a,shop)", false],
    ["absent notin (a)", true],
    ["app", true],
    ["absent", false],
    ["!absent", true],
    ["!app", false],
    ["n>4", true],
    ["n>5", false],
    ["n<6", true],
    ["app>4", false],
    ["absent<4", false],
    ["app=shop,tier=db", false],
    ["toString", false],
  ])("%s: %s", (text, expected) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(expected);
  });

  test("everything and nothing", () => {
    expect(matchesLabels(EVERYTHING, {})).toBe(true);
    expect(matchesLabels(NOTHING, {})).toBe(false);
    expect(matchesLabels(EVERYTHING, undefined)).toBe(true);
  });
});

describe("labelSelectorOf", () => {
  test("absent is nothing, empty is everything", () => {
    expect(labelSelectorOf(undefined)).toBe(NOTHING);
    expect(labelSelectorOf({})).toBe(EVERYTHING);
    expect(labelSelectorOfMap({})).toBe(EVERYTHING);
  });

  test("joins labels and expressions, sorted by key", () => {
    const selector = labelSelectorOf({
      matchLabels: { z: "1", a: "2" },
      matchExpressions: [
        { key: "m", operator: "In", values: ["y", "x"] },
        { key: "b", operator: "NotIn", values: ["q"] },
        { key: "c", operator: "Exists" },
        { key: "d", operator: "DoesNotExist" },
      ],
    });
    expect(formatLabelSelector(selector)).toBe("a=2,b notin (q),c,!d,m in (x,y),z=1");
    expect(formatLabelSelector(labelSelectorOfMap({ z: "1", a: "2" }))).toBe("a=2,z=1");
  });

  test.each([
    [{ key: "a", operator: "Has" }, '"Has" is not a valid label selector operator'],
    [
      { key: "a", operator: "In" },
      "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
    ],
    [
      { key: "a", operator: "Exists", values: ["x"] },
      'values: Invalid value: ["x"]: values set must be empty for exists and does not exist',
    ],
    [
      { key: "-", operator: "In", values: ["-"] },
      `[key: Invalid value: "-": name part ${NAME_RULE}, values[0][-]: Invalid value: "-": ${VALUE_RULE}]`,
    ],
  ])("refuses %j", (expression, message) => {
    expect(() => labelSelectorOf({ matchExpressions: [expression] })).toThrow(expect.objectContaining({ message }));
  });
});
