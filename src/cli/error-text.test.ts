import { expect, test } from "vitest";
import { StatusError } from "../api/status-error.ts";
import { AppError } from "../lib/app-error.ts";
import { errorText, restated, throwAll, withSource } from "./error-text.ts";

const invalid = (...causes: readonly (readonly [field: string, message: string])[]): StatusError =>
  new StatusError("Invalid", "Deployment is invalid", {
    kind: "Deployment",
    name: "web",
    causes: causes.map(([field, message]) => ({ field, message })),
  });
const notFound = new StatusError("NotFound", 'pods "x" not found');
const refused = new AppError("unreachable", "cannot reach", {
  cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED", address: "127.0.0.1", port: 6443 }),
});

const cases: readonly (readonly [sentence: string, error: unknown, text: string])[] = [
  ["an error of ours", new AppError("x", "it broke"), "error: it broke\n"],
  ["a text of several lines", new AppError("x", "it broke\nbadly\n"), "error: it broke\nbadly\n"],
  ["a refusal", notFound, 'Error from server (NotFound): pods "x" not found\n'],
  ["a refusal without reason", new StatusError("", "who knows"), "Error from server: who knows\n"],
  ["bad credentials", new StatusError("Unauthorized", "no"), "error: You must be logged in to the server (no)\n"],
  ["one invalid field", invalid(["spec.a", "bad"]), 'The Deployment "web" is invalid: spec.a: bad\n'],
  [
    "two invalid fields, one told twice",
    invalid(["spec.a", "bad"], ["spec.b", "worse"], ["spec.a", "bad"]),
    'The Deployment "web" is invalid: \n* spec.a: bad\n* spec.b: worse\n',
  ],
  ["an invalid request without details", new StatusError("Invalid", "no"), "The request is invalid: no\n"],
  [
    "a server that is not there",
    refused,
    "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n",
  ],
  [
    "a refusal of a file's object",
    withSource("creating", "a.yaml", notFound),
    'Error from server (NotFound): error when creating "a.yaml": pods "x" not found\n',
  ],
  [
    "an error of ours about a file's object",
    withSource("creating", "a.yaml", new AppError("x", "it broke")),
    'error: error when creating "a.yaml": it broke\n',
  ],
];

test.each(cases)("%s", (_, error, text) => {
  expect(errorText(error)).toBe(text);
});

test("several errors are told without the word error, each once", () => {
  const errors = [notFound, new AppError("x", "it broke"), notFound];
  expect(() => throwAll(errors)).toThrow("it broke");
  let text = "";
  try {
    throwAll(errors);
  } catch (error) {
    text = errorText(error);
  }
  expect(text).toBe('Error from server (NotFound): pods "x" not found\nit broke\n');
});

test("what a refusal says besides its message stays", () => {
  const error = restated(invalid(["spec.a", "bad"]), (message) => `for web: ${message}`);
  expect(error).toMatchObject({ message: "for web: Deployment is invalid", reason: "Invalid", code: 422 });
  expect(errorText(error)).toBe('The Deployment "web" is invalid: spec.a: bad\n');
});
