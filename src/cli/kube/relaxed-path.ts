import { AppError } from "../../lib/app-error.ts";
import { type JsonPath, parseJsonPath } from "../../lib/json-path.ts";

/** A path as `--sort-by` and columns write it: `.metadata.name`, `metadata.name` or `{.metadata.name}`. */
export function relaxedPath(text: string): JsonPath {
  const inner = /^\{(.*)\}$/s.exec(text)?.[1] ?? text;
  const path = /^[.[]/.test(inner) ? inner : `.${inner}`;
  try {
    return parseJsonPath(path);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(
      "usage",
      `unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`,
    );
  }
}
