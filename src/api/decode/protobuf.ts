import { isJsonArray, isJsonObject, type JsonValue, type MutableJsonObject, setMember } from "../../lib/json.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import type { Field, ListSchema, MapSchema, ObjectSchema, ScalarSchema, ScalarType, Schema } from "../table/schema.ts";
import { encodeBase64 } from "./base64.ts";
import { DecodingError } from "./decoding-error.ts";
import { JsonDocument } from "./json-document.ts";
import { int32Of, int64Of, ProtobufReader, WireType } from "./protobuf-reader.ts";

/**
 * Reads the protobuf form of API objects, which current Go clients send. The fields' numbers come from the type table; what
 * comes out is JSON in which zero values may stand where Go's struct tags would leave them out.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */

/** A body: the magic bytes and a `runtime.Unknown`. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  /** The object's own message. */
  readonly raw: Uint8Array;
}

const MAGIC = [0x6b, 0x38, 0x73, 0x00]; // k8s\0

/** Opens a body. Throws DecodingError. */
export function readEnvelope(body: Uint8Array): Envelope {
  if (body.length === 0) throw new DecodingError("empty data");
  if (MAGIC.some((byte, i) => body[i] !== byte)) {
    const expected = MAGIC.join(" ");
    throw new DecodingError(`provided data does not appear to be a protobuf message, expected prefix [${expected}]`);
  }
  if (body.length === MAGIC.length) throw new DecodingError("empty body");
  const reader = new ProtobufReader(body.subarray(MAGIC.length));
  let type = { apiVersion: "", kind: "" };
  let raw: Uint8Array = new Uint8Array();
  while (!reader.done) {
    const { number, wire } = reader.tag("Unknown");
    if (number === 1) type = readTypeMeta(bytesOf(reader, wire, "TypeMeta"));
    else if (number === 2) raw = bytesOf(reader, wire, "Raw");
    else reader.skip(wire);
  }
  return { ...type, raw };
}

function readTypeMeta(message: Uint8Array): { apiVersion: string; kind: string } {
  const reader = new ProtobufReader(message);
  const type = { apiVersion: "", kind: "" };
  while (!reader.done) {
    const { number, wire } = reader.tag("TypeMeta");
    if (number === 1) type.apiVersion = textOf(bytesOf(reader, wire, "APIVersion"));
    else if (number === 2) type.kind = textOf(bytesOf(reader, wire, "Kind"));
    else reader.skip(wire);
  }
  return type;
}

/** Reads a message of the schema's type. Throws DecodingError. */
export function readMessage(schema: ObjectSchema, message: Uint8Array): MutableJsonObject {
  const output: MutableJsonObject = {};
  readInto(output, schema, message);
  return output;
}

function readInto(output: MutableJsonObject, schema: ObjectSchema, message: Uint8Array): void {
  const reader = new ProtobufReader(message);
  const name = schema.name.slice(schema.name.lastIndexOf(".") + 1);
  while (!reader.done) {
    const { number, wire } = reader.tag(name);
    const field = schema.numbers.get(number);
    const inner = field ? undefined : schema.inlined.get(number);
    if (field) readField(output, field, reader, wire);
    else if (inner) readInto(output, inner, bytesOf(reader, wire, inner.name));
    else reader.skip(wire);
  }
}

function readField(output: MutableJsonObject, field: Field, reader: ProtobufReader, wire: number): void {
  const { schema, name } = field;
  if (schema.kind === "list") return readItems(output, field, schema, reader, wire);
  if (schema.kind === "map") return readEntry(output, field, schema, bytesOf(reader, wire, name));
  const value = readValue(schema, name, reader, wire);
  const before = output[name];
  // A message that comes twice is merged.
  output[name] =
    schema.kind === "object" && isJsonObject(before) && isJsonObject(value) ? { ...before, ...value } : value;
}

/** One item, or packed ones. */
function readItems(
  output: MutableJsonObject,
  field: Field,
  schema: ListSchema,
  reader: ProtobufReader,
  wire: number,
): void {
  const before = output[field.name];
  const items = isJsonArray(before ?? null) ? [...(before as JsonValue[])] : [];
  const packed = wire === WireType.bytes && field.pb?.wire !== "bytes";
  if (packed) {
    const numbers = new ProtobufReader(reader.bytes());
    const itemWire = field.pb?.wire === "fixed64" ? WireType.fixed64 : WireType.varint;
    while (!numbers.done) items.push(readValue(schema.items, field.name, numbers, itemWire));
  } else items.push(readValue(schema.items, field.name, reader, wire));
  output[field.name] = items;
}

/** An entry of a map is a message of its key (1) and its value (2), either of which may be left out when empty. */
function readEntry(output: MutableJsonObject, field: Field, schema: MapSchema, message: Uint8Array): void {
  const reader = new ProtobufReader(message);
  let key = "";
  let value: JsonValue = schema.values.kind === "object" ? {} : null;
  while (!reader.done) {
    const { number, wire } = reader.tag("MapEntry");
    if (number === 1) key = textOf(bytesOf(reader, wire, field.name));
    else if (number === 2) value = readMapValue(schema.values, field.name, reader, wire);
    else reader.skip(wire);
  }
  const map: MutableJsonObject = {};
  const before = output[field.name] ?? null;
  if (isJsonObject(before)) for (const [name, item] of Object.entries(before)) setMember(map, name, item ?? null);
  setMember(map, key, value);
  output[field.name] = map;
}

/** A list as a map's value (`ExtraValue`) is a message with the items as its only field. */
function readMapValue(schema: Schema, name: string, reader: ProtobufReader, wire: number): JsonValue {
  if (schema.kind !== "list") return readValue(schema, name, reader, wire);
  const list = new ProtobufReader(bytesOf(reader, wire, name));
  const items: JsonValue[] = [];
  while (!list.done) {
    const tag = list.tag(name);
    if (tag.number === 1) items.push(readValue(schema.items, name, list, tag.wire));
    else list.skip(tag.wire);
  }
  return items;
}

function readValue(schema: Schema, name: string, reader: ProtobufReader, wire: number): JsonValue {
  switch (schema.kind) {
    case "object":
      return readMessage(schema, bytesOf(reader, wire, name));
    case "any":
      return readRaw(bytesOf(reader, wire, name));
    case "scalar":
      return readScalar(schema, name, reader, wire);
    default:
      throw new DecodingError(`proto: ${name}: lists of lists and maps do not exist`);
  }
}

type MessageReader = (message: Uint8Array) => JsonValue;

/** Scalars that are length-delimited: text, and messages that JSON writes as a scalar. */
const TEXTS: Readonly<Partial<Record<ScalarType, MessageReader>>> = {
  string: textOf,
  bytes: encodeBase64,
  time: (message) => readTime(message, false),
  microtime: (message) => readTime(message, true),
  quantity: (message) => readParts(message).text,
  intOrString: (message) => {
    const { type, number, text } = readParts(message);
    return type === 1 ? text : number;
  },
};

function readScalar({ type }: ScalarSchema, name: string, reader: ProtobufReader, wire: number): JsonValue {
  const fromBytes = TEXTS[type];
  if (fromBytes) return fromBytes(bytesOf(reader, wire, name));
  if (type === "float64") {
    if (wire !== WireType.fixed64) throw wrongWire(wire, name);
    return reader.fixed64();
  }
  if (wire !== WireType.varint) throw wrongWire(wire, name);
  const value = reader.varint();
  if (type === "bool") return value.low !== 0 || value.high !== 0;
  return type === "int32" ? int32Of(value) : int64Of(value);
}

/**
 * The small messages of scalars: `Quantity{1: text}`, `IntOrString{1: type, 2: number, 3: text}`. The text of a
 * Quantity is its first field, that of an IntOrString its third.
 */
function readParts(message: Uint8Array): { readonly type: number; readonly number: number; readonly text: string } {
  const reader = new ProtobufReader(message);
  let type = 0;
  let number = 0;
  let text = "";
  while (!reader.done) {
    const tag = reader.tag("IntOrString");
    if (tag.wire === WireType.bytes) text = textOf(reader.bytes());
    else if (tag.wire !== WireType.varint) reader.skip(tag.wire);
    else if (tag.number === 1) type = int64Of(reader.varint());
    else number = int32Of(reader.varint());
  }
  return { type, number, text };
}

/** `Timestamp{1: seconds, 2: nanos}`; an empty message is the zero time, which JSON writes as null. */
function readTime(message: Uint8Array, withMicros: boolean): JsonValue {
  if (message.length === 0) return null;
  const reader = new ProtobufReader(message);
  let seconds = 0;
  let nanos = 0;
  while (!reader.done) {
    const { number, wire } = reader.tag("Timestamp");
    if (wire !== WireType.varint) reader.skip(wire);
    else if (number === 1) seconds = int64Of(reader.varint());
    else nanos = int32Of(reader.varint());
  }
  const text = formatTimestamp(seconds * 1000);
  return withMicros ? `${text.slice(0, -1)}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z` : text;
}

/** `RawExtension` and `FieldsV1`: a message whose first field is JSON. */
function readRaw(message: Uint8Array): JsonValue {
  const reader = new ProtobufReader(message);
  let raw: Uint8Array = new Uint8Array();
  while (!reader.done) {
    const { number, wire } = reader.tag("RawExtension");
    if (number === 1) raw = bytesOf(reader, wire, "Raw");
    else reader.skip(wire);
  }
  return raw.length === 0 ? null : JsonDocument.parse(raw).value;
}

function bytesOf(reader: ProtobufReader, wire: number, name: string): Uint8Array {
  if (wire !== WireType.bytes) throw wrongWire(wire, name);
  return reader.bytes();
}

function wrongWire(wire: number, name: string): DecodingError {
  return new DecodingError(`proto: wrong wireType = ${wire} for field ${name.charAt(0).toUpperCase()}${name.slice(1)}`);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
