import { DecodingError } from "./decoding-error.ts";

/** How a field's value is written. https://protobuf.dev/programming-guides/encoding/#structure */
export const WireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** A 64-bit integer in two halves, the lower one unsigned. */
export interface Varint {
  readonly high: number;
  readonly low: number;
}

/** Groups may nest; nobody writes them, and nobody may exhaust the stack with them. */
const MAX_GROUPS = 100;

/** Reads the wire format of protobuf. Throws DecodingError with the words of Go's generated code. */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next field's number and wire type. */
  tag(message: string): { readonly number: number; readonly wire: number } {
    const { high, low } = this.varint();
    const number = (low >>> 3) + (high & 7) * 2 ** 29;
    const wire = low & 7;
    if (wire === WireType.endGroup) throw new DecodingError(`proto: ${message}: wiretype end group for non-group`);
    // Numbers are 32-bit and signed.
    if (number === 0 || number >= 2 ** 31)
      throw new DecodingError(`proto: ${message}: illegal tag ${number | 0} (wire type ${low | 0})`);
    return { number, wire };
  }

  varint(): Varint {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift >= 64) throw new DecodingError("proto: integer overflow");
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw unexpectedEnd();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        // Bits 28 to 34: four of them are the lower half's.
        low |= bits << 28;
        high |= bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return { high, low: low >>> 0 };
    }
  }

  /** A length-delimited value: a string, bytes, a message, packed numbers. */
  bytes(): Uint8Array {
    const { high, low } = this.varint();
    if (high < 0) throw new DecodingError("proto: negative length found during unmarshaling");
    const end = this.#at + high * 2 ** 32 + low;
    if (end > this.#bytes.length) throw unexpectedEnd();
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return value;
  }

  fixed64(): number {
    const end = this.#at + 8;
    if (end > this.#bytes.length) throw unexpectedEnd();
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 8);
    this.#at = end;
    return view.getFloat64(0, true);
  }

  /** Skips the value of a field that nobody knows. */
  skip(wire: number, groups = 0): void {
    switch (wire) {
      case WireType.varint:
        this.varint();
        return;
      case WireType.bytes:
        this.bytes();
        return;
      case WireType.fixed64:
        return this.#advance(8);
      case WireType.fixed32:
        return this.#advance(4);
      case WireType.startGroup:
        return this.#skipGroup(groups + 1);
      default:
        throw new DecodingError(`proto: illegal wireType ${wire}`);
    }
  }

  #skipGroup(groups: number): void {
    if (groups > MAX_GROUPS) throw new DecodingError("proto: groups nested too deeply");
    while (true) {
      const wire = this.varint().low & 7;
      if (wire === WireType.endGroup) return;
      this.skip(wire, groups);
    }
  }

  #advance(length: number): void {
    this.#at += length;
    if (this.#at > this.#bytes.length) throw unexpectedEnd();
  }
}

function unexpectedEnd(): DecodingError {
  return new DecodingError("unexpected EOF");
}

/** The number that a signed 64-bit integer stands for; beyond 2^53 the nearest double. */
export function int64Of({ high, low }: Varint): number {
  return (high | 0) * 2 ** 32 + low;
}

/** The lower half, signed: negative numbers are written in ten bytes. */
export function int32Of({ low }: Varint): number {
  return low | 0;
}
