import { COLON, CR, HT, LF, SP, TOKEN, VALUE } from "./bytes.ts";
import { FAULT, INCOMPLETE } from "./faults.ts";
import { FIELD_NAMES, fieldId } from "./fields.ts";

/** Most fields that a message may have. HAProxy allows 101, Apache 100. */
export const MAX_FIELDS = 128;

/** Per field: start of the line, end of the name, start and end of the value without white space around it. */
const STRIDE = 4;

/**
 * The field lines of one message: not objects but places in its bytes, so that reading allocates nothing and unchanged runs
 * of lines can be forwarded as they are. One table is used for message after message.
 */
export class FieldTable {
  count = 0;
  #bytes: Buffer = Buffer.alloc(0);
  /** Position of the empty line that ends the section. */
  #end = 0;
  readonly #ids = new Uint8Array(MAX_FIELDS);
  readonly #places = new Int32Array(MAX_FIELDS * STRIDE);

  /**
   * Reads field lines from `pos` up to and with the empty line. Returns the position after it, INCOMPLETE, or a FAULT.
   * Strict (RFC 9112 §5): no white space before the colon, no folding, every line ends with CR LF.
   */
  read(bytes: Buffer, pos: number, end: number): number {
    this.count = 0;
    this.#bytes = bytes;
    let at = pos;
    while (at < end) {
      if (bytes[at] === CR) {
        if (at + 1 === end) return INCOMPLETE;
        this.#end = at;
        return bytes[at + 1] === LF ? at + 2 : FAULT.lineEnd;
      }
      at = this.#readLine(bytes, at, end);
      if (at < 0) return at;
    }
    return INCOMPLETE;
  }

  #readLine(bytes: Buffer, start: number, end: number): number {
    let at = start;
    let hash = 0;
    for (; at < end; at++) {
      const lower = TOKEN[bytes[at] as number] as number;
      if (lower === 0) break;
      hash = (Math.imul(hash, 31) + lower) | 0;
    }
    if (at === end) return INCOMPLETE;
    if (bytes[at] !== COLON || at === start) return nameFault(bytes, start, at);
    return this.#readValue(bytes, start, at, end, fieldId(hash, bytes, start, at));
  }

  #readValue(bytes: Buffer, start: number, nameEnd: number, end: number, id: number): number {
    let at = nameEnd + 1;
    while (at < end && isSpace(bytes[at])) at++;
    const valueStart = at;
    while (at < end && VALUE[bytes[at] as number] === 1) at++;
    if (at === end || (bytes[at] === CR && at + 1 === end)) return INCOMPLETE;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return valueFault(bytes[at]);
    let valueEnd = at;
    while (valueEnd > valueStart && isSpace(bytes[valueEnd - 1])) valueEnd--;
    if (this.count === MAX_FIELDS) return FAULT.tooManyFields;
    this.#add(id, start, nameEnd, valueStart, valueEnd);
    return at + 2;
  }

  #add(id: number, start: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const place = this.count * STRIDE;
    this.#places[place] = start;
    this.#places[place + 1] = nameEnd;
    this.#places[place + 2] = valueStart;
    this.#places[place + 3] = valueEnd;
    this.#ids[this.count++] = id;
  }

  /** FIELD number of a field, FIELD.other for one that has no meaning to a proxy. */
  id(index: number): number {
    return this.#ids[index] as number;
  }

  /** Where the line of a field begins; for `count`, where the last one ends. */
  lineStart(index: number): number {
    return index === this.count ? this.#end : (this.#places[index * STRIDE] as number);
  }

  valueStart(index: number): number {
    return this.#places[index * STRIDE + 2] as number;
  }

  valueEnd(index: number): number {
    return this.#places[index * STRIDE + 3] as number;
  }

  /** In lower case. */
  name(index: number): string {
    const id = this.id(index);
    if (id !== 0) return FIELD_NAMES[id] as string;
    const place = index * STRIDE;
    return this.#bytes.toString("latin1", this.#places[place], this.#places[place + 1]).toLowerCase();
  }

  value(index: number): string {
    return this.#bytes.toString("latin1", this.valueStart(index), this.valueEnd(index));
  }

  /** Field lines `from` to before `to`, as they came. */
  lines(from: number, to: number): string {
    return this.#bytes.toString("latin1", this.lineStart(from), this.lineStart(to));
  }

  /** The value of the fields with this lower-case name, several joined as RFC 9110 §5.3 says; undefined when there is none. */
  get(name: string): string | undefined {
    let value: string | undefined;
    for (let i = 0; i < this.count; i++)
      if (this.#isNamed(i, name)) value = value === undefined ? this.value(i) : `${value}, ${this.value(i)}`;
    return value;
  }

  #isNamed(index: number, name: string): boolean {
    const start = this.#places[index * STRIDE] as number;
    if ((this.#places[index * STRIDE + 1] as number) - start !== name.length) return false;
    for (let i = 0; i < name.length; i++)
      if (TOKEN[this.#bytes[start + i] as number] !== name.charCodeAt(i)) return false;
    return true;
  }

  /** Index of the first field with this FIELD number, -1 when there is none. */
  indexOf(id: number): number {
    for (let i = 0; i < this.count; i++) if (this.#ids[i] === id) return i;
    return -1;
  }
}

const isSpace = (byte: number | undefined): boolean => byte === SP || byte === HT;

function nameFault(bytes: Buffer, start: number, at: number): number {
  if (at === start && isSpace(bytes[at])) return FAULT.folding;
  return bytes[at] === LF || bytes[at] === CR ? FAULT.lineEnd : FAULT.fieldName;
}

const valueFault = (byte: number | undefined): number =>
  byte === CR || byte === LF ? FAULT.lineEnd : FAULT.fieldValue;
