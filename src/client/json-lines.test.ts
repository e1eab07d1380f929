import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonLines } from "./json-lines.ts";

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function read(text: string, sizes: readonly number[] = []): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonLines(chunksOf(Buffer.from(text), sizes))) values.push(value);
  return values;
}

it("jsonLines() gives back every value, however the bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue({ maxDepth: 2 }).filter((value) => !Object.is(value, -0))),
      fc.array(fc.nat({ max: 9 })),
      fc.boolean(),
      async (values, sizes, ended) => {
        const text = values.map((value) => JSON.stringify(value)).join("\n") + (ended ? "\n" : "");
        expect(await read(text, sizes)).toEqual(values.map((value) => JSON.parse(JSON.stringify(value)) as unknown));
      },
    ),
  );
});

it("jsonLines() passes over empty lines and carriage returns", async () => {
  expect(await read("1\n\n\r\n2\r\n")).toEqual([1, 2]);
});

it("jsonLines() fails on what is not JSON, and on a value that is cut off", async () => {
  await expect(read("{]\n")).rejects.toThrow(SyntaxError);
  await expect(read('{"a":')).rejects.toThrow(SyntaxError);
});
