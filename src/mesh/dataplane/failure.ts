/**
 * How an attempt to get an answer from a backend went wrong. What matters for trying again is whether the request can have had
 * an effect: not with `refused` (nothing was written), not known with the others.
 */
export type Failure =
  /** No endpoint to send to. */
  | "unavailable"
  /** No connection within the time, or an error before it was there. */
  | "refused"
  /** Closed or reset before the end of the answer. */
  | "reset"
  /** What came is no HTTP answer. */
  | "malformed"
  /** No answer within the time. */
  | "timeout";

/** Status and text of the answer that a client gets instead (RFC 9110 §15.6). */
export function answerTo(failure: Failure): { readonly status: number; readonly text: string } {
  switch (failure) {
    case "unavailable":
      return { status: 503, text: "no endpoint is ready" };
    case "refused":
      return { status: 503, text: "no endpoint can be reached" };
    case "reset":
      return { status: 502, text: "the connection was closed before the answer was complete" };
    case "malformed":
      return { status: 502, text: "the answer was malformed" };
    case "timeout":
      return { status: 504, text: "there was no answer in time" };
  }
}
