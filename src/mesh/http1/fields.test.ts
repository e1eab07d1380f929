import { expect, test } from "vitest";
import { FIELD, FIELD_NAMES, fieldId, nameHash } from "./fields.ts";

test("no two known names have the same hash", () => {
  expect(new Set(FIELD_NAMES.map(nameHash)).size).toBe(FIELD_NAMES.length);
});

test("FIELD numbers are places in FIELD_NAMES", () => {
  for (const [key, id] of Object.entries(FIELD)) {
    const name = FIELD_NAMES[id] ?? "";
    const camel = name.replace(/^x-/, "").replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    expect(key).toBe(name === "" ? "other" : camel);
  }
});

test("a name with the hash of another is not taken for it", () => {
  const bytes = Buffer.from("hosu");
  expect(fieldId(nameHash("host"), bytes, 0, 4)).toBe(FIELD.other);
  expect(fieldId(nameHash("host"), Buffer.from("HoSt"), 0, 4)).toBe(FIELD.host);
});
