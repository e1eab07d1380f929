/** What a reader of messages returns when the bytes end before the message does. */
export const INCOMPLETE = -1;

/** Why a message was refused: negative, so that a reader can return a position or a fault. */
export const FAULT = {
  requestLine: -2,
  targetTooLong: -3,
  version: -4,
  fieldName: -5,
  fieldValue: -6,
  folding: -7,
  lineEnd: -8,
  tooManyFields: -9,
  headTooLarge: -10,
  host: -11,
  contentLength: -12,
  transferEncoding: -13,
  unknownCoding: -14,
  lengthAndCoding: -15,
  target: -16,
  method: -17,
  expectation: -18,
  chunkSize: -19,
  chunkExtension: -20,
  chunkEnd: -21,
  trailers: -22,
  statusLine: -23,
  traceContent: -24,
} as const;

/** How a fault is answered to a client, and said in the log. In a response each of them is a 502. */
export interface Fault {
  readonly status: number;
  readonly text: string;
}

const bad = (text: string): Fault => ({ status: 400, text });

const FAULTS: ReadonlyMap<number, Fault> = new Map([
  [FAULT.requestLine, bad("the request line is malformed")],
  [FAULT.targetTooLong, { status: 414, text: "the request target is too long" }],
  [FAULT.version, { status: 505, text: "only HTTP/1.1 and HTTP/1.0 are spoken here" }],
  [FAULT.fieldName, bad("a field name is malformed")],
  [FAULT.fieldValue, bad("a field value holds a forbidden character")],
  [FAULT.folding, bad("a field line begins with white space")],
  [FAULT.lineEnd, bad("a line does not end with CR LF")],
  [FAULT.tooManyFields, { status: 431, text: "there are too many fields" }],
  [FAULT.headTooLarge, { status: 431, text: "the header section is too large" }],
  [FAULT.host, bad("there must be exactly one valid Host field")],
  [FAULT.contentLength, bad("Content-Length is not exactly one number")],
  [FAULT.transferEncoding, bad("Transfer-Encoding is malformed")],
  [FAULT.unknownCoding, { status: 501, text: "the only transfer coding known here is chunked" }],
  [FAULT.lengthAndCoding, bad("Content-Length and Transfer-Encoding exclude each other")],
  [FAULT.target, bad("the form of the request target is not allowed")],
  [FAULT.method, { status: 501, text: "CONNECT is not supported" }],
  [FAULT.expectation, { status: 417, text: "the only expectation known here is 100-continue" }],
  [FAULT.chunkSize, bad("a chunk size is malformed")],
  [FAULT.chunkExtension, bad("a chunk extension is malformed")],
  [FAULT.chunkEnd, bad("a chunk does not end where its size says")],
  [FAULT.trailers, bad("the trailer section is malformed")],
  [FAULT.statusLine, bad("the status line is malformed")],
  [FAULT.traceContent, bad("TRACE must not carry content")],
]);

export function faultOf(code: number): Fault {
  return FAULTS.get(code) ?? bad("the message is malformed");
}
