import { describe, expect, test } from "vitest";
import { parseWriteQuery } from "./write-options.ts";

type Kind = Parameters<typeof parseWriteQuery>[1];
const read = (query: string, kind: Kind = "CreateOptions", apply = false) =>
  parseWriteQuery(new URLSearchParams(query), kind, apply);

describe("the query of a write", () => {
  test.each<[query: string, expected: object]>([
    ["", { dryRun: false, fieldValidation: "Warn", force: false }],
    ["dryRun=All", { dryRun: true, fieldValidation: "Warn", force: false }],
    ["fieldValidation=", { dryRun: false, fieldValidation: "Warn", force: false }],
    [
      "fieldManager=me&fieldValidation=Strict",
      { dryRun: false, fieldManager: "me", fieldValidation: "Strict", force: false },
    ],
    ["fieldManager=a%20b-%C3%BC", { dryRun: false, fieldManager: "a b-ü", fieldValidation: "Warn", force: false }],
  ])("%s", (query, expected) => {
    expect(read(query)).toEqual(expected);
  });

  test.each([
    ["true", true],
    ["1", true],
    ["false", false],
  ])("force=%s of an apply", (value, force) => {
    expect(read(`fieldManager=me&force=${value}`, "PatchOptions", true).force).toBe(force);
  });

  test.each<[sentence: string, query: string, kind: Kind, apply: boolean, message: string]>([
    [
      "a dry run of a part",
      "dryRun=All&dryRun=x",
      "CreateOptions",
      false,
      'dryRun: Unsupported value: ["All","x"]: supported values: "All"',
    ],
    [
      "an unknown validation",
      "fieldValidation=No",
      "UpdateOptions",
      false,
      'fieldValidation: Unsupported value: "No": supported values: "", "Ignore", "Strict", "Warn"',
    ],
    [
      "a long manager",
      `fieldManager=${"x".repeat(129)}`,
      "CreateOptions",
      false,
      "fieldManager: Too long: may not be more than 128 bytes",
    ],
    [
      "a manager that cannot be printed",
      "fieldManager=a%0Ab",
      "CreateOptions",
      false,
      'fieldManager: Invalid value: "a\\nb": invalid character U+000A (at position 1)',
    ],
    ["an apply of nobody", "", "PatchOptions", true, "fieldManager: Required value: is required for apply patch"],
    [
      "force without an apply",
      "force=false",
      "PatchOptions",
      false,
      "force: Forbidden: may not be specified for non-apply patch",
    ],
  ])("%s is refused", (_, query, kind, apply, message) => {
    expect(() => read(query, kind, apply)).toThrow(`${kind}.meta.k8s.io "" is invalid: ${message}`);
  });
});
