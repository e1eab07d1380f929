import type { Cancel, Clock } from "../../lib/clock.ts";

/** Something that must do something at a time of the monotonic clock; Infinity: never. */
export interface Timed {
  readonly deadline: number;
  expire(now: number): void;
}

/**
 * Looks at all deadlines every few milliseconds. A deadline then costs one store of a number, instead of a timer made and
 * cancelled for every request; the price is that it can be late by one look.
 */
export class Sweep {
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #members = new Set<Timed>();
  #cancel: Cancel | undefined;

  constructor(clock: Clock, interval: number) {
    this.#clock = clock;
    this.#interval = interval;
  }

  add(member: Timed): void {
    this.#members.add(member);
    this.#cancel ??= this.#clock.after(this.#interval, this.#look);
  }

  delete(member: Timed): void {
    this.#members.delete(member);
  }

  get size(): number {
    return this.#members.size;
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#members.clear();
  }

  readonly #look = (): void => {
    const now = this.#clock.monotonic();
    for (const member of this.#members) if (member.deadline <= now) member.expire(now);
    this.#cancel = this.#members.size > 0 ? this.#clock.after(this.#interval, this.#look) : undefined;
  };
}
