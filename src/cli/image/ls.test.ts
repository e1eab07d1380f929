import { expect, test } from "vitest";
import { sizeText } from "./ls.ts";

test.each([
  [0, "0B"],
  [999, "999B"],
  [1234, "1.23kB"],
  [99_950, "100kB"],
  [12_345_678, "12.3MB"],
  [5_000_000_000_000, "5000GB"],
])("%i bytes are %s", (bytes, text) => expect(sizeText(bytes)).toBe(text));
