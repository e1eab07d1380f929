import type { Clock } from "../../lib/clock.ts";

/** The Date line (RFC 9110 §6.6.1), made once a second. */
export class HttpDate {
  readonly #clock: Clock;
  #second = -1;
  #line = "";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get line(): string {
    const now = this.#clock.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#line = `Date: ${new Date(now).toUTCString()}\r\n`;
    }
    return this.#line;
  }
}
