import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StatusError } from "../status-error.ts";
import { builtinTypes } from "../table/builtin.ts";
import type { KindInfo } from "../table/type-table.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { decodeObject, decodeValue } from "./decode-object.ts";

const types = builtinTypes();

interface Sample {
  json: { apiVersion: string; kind: string; metadata: { name?: string } };
  protobuf: string;
}
const { cases } = JSON.parse(
  readFileSync(new URL("../../../test/testdata/kube-protobuf.json", import.meta.url), "utf8"),
) as { cases: Sample[] };

function infoOf({ json }: Sample): KindInfo {
  const info = types.findType(json.apiVersion, json.kind);
  if (!info) throw new Error(`no kind ${json.kind}`);
  return info;
}

function message(info: KindInfo, body: Uint8Array): string | undefined {
  try {
    decodeObject(info, body, "protobuf", types);
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

test.each(cases.map((sample) => [`${sample.json.kind} ${sample.json.metadata.name}`, sample] as const))(
  "%s says the same in protobuf as in JSON",
  (_, sample) => {
    const info = infoOf(sample);
    const { object } = decodeObject(info, decodeBase64(sample.protobuf), "protobuf", types);
    expect(object).toEqual(decodeValue(info, JSON.parse(JSON.stringify(sample.json))).object);
  },
);

describe("a broken body", () => {
  const configMap = types.findKind("v1", "ConfigMap") as KindInfo;

  test.each([
    [
      "azhzAHJ1YmJpc2g=",
      "the object provided is unrecognized (must be of type ConfigMap): unexpected EOF (6b38730072756262697368)",
    ],
    [
      "eyJraW5kIjoiQ29uZmlnTWFwIn0=",
      'the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({"kind":"ConfigMap"})',
    ],
    ["", "the object provided is unrecognized (must be of type ConfigMap): empty data (<empty>)"],
    ["azhzAA==", "the object provided is unrecognized (must be of type ConfigMap): empty body (6b387300)"],
    // Unknown{1: TypeMeta{v1 ConfigMap}, 2: raw}, raw a ConfigMap whose field 1 is a varint.
    [
      "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEgIIAQ==",
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: proto: wrong wireType = 0 for field Metadata',
    ],
  ])("%s", (body, expected) => {
    expect(message(configMap, decodeBase64(body))).toBe(expected);
  });

  test("cut off anywhere is refused or read, never more", () => {
    for (const sample of cases) {
      const info = infoOf(sample);
      const whole = decodeBase64(sample.protobuf);
      for (let length = 0; length < whole.length; length += 7) message(info, whole.subarray(0, length));
    }
  });

  test("of any bytes is refused or read, never more", () => {
    const pod = types.findKind("v1", "Pod") as KindInfo;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        message(pod, Uint8Array.of(0x6b, 0x38, 0x73, 0, 0x12, bytes.length & 0x7f, ...bytes));
      }),
    );
  });

  test("with fields that nobody knows is read without them", () => {
    // ConfigMap{99: varint 1, 98: bytes, 97: fixed64, 96: fixed32, 95: group}
    const strange = [
      0x98, 0x06, 1, 0x92, 0x06, 1, 7, 0x89, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0x85, 0x06, 1, 2, 3, 4, 0xfb, 5, 8, 1, 0xfc,
      5,
    ];
    const body = Uint8Array.of(0x6b, 0x38, 0x73, 0, 0x12, strange.length, ...strange);
    expect(decodeObject(configMap, body, "protobuf", types).object).toEqual({
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: {},
    });
  });
});

test("base64 is what Buffer makes of the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(decodeBase64(text)).toEqual(bytes);
    }),
  );
});
