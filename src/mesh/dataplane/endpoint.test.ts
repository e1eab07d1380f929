import { describe, expect, test } from "vitest";
import { Endpoint } from "./endpoint.ts";
import type { UpstreamConnection } from "./upstream-connection.ts";

const ALWAYS = Number.POSITIVE_INFINITY;

/** A connection that was used last at `idleSince`, and may be again for three seconds. */
const unused = (idleSince: number): UpstreamConnection =>
  ({ idleSince, idleLimit: 3000, destroy: () => undefined }) as unknown as UpstreamConnection;

function endpoint(...idleSince: readonly number[]): Endpoint {
  const made = new Endpoint("127.0.0.1", 80);
  for (const each of idleSince) made.putIdle(unused(each), 10);
  return made;
}

const taken = (from: Endpoint, now: number, youngest: number): number | undefined =>
  from.takeIdle(now, youngest)?.idleSince;

describe("an unused connection", () => {
  test("that was used last is taken first", () => expect(taken(endpoint(10, 20), 30, ALWAYS)).toBe(20));

  test("that is too old is not taken", () => expect(taken(endpoint(0), 3000, ALWAYS)).toBeUndefined());

  test("that is older than asked for stays for others", () => {
    const one = endpoint(0);
    expect(taken(one, 600, 500)).toBeUndefined();
    expect(taken(one, 600, ALWAYS)).toBe(0);
  });
});

describe("a server that closes unused connections without a word", () => {
  /** It has closed one that was unused for 200 ms. */
  const hasty = (): Endpoint => {
    const one = endpoint(0);
    const closed = unused(0);
    one.putIdle(closed, 10);
    one.dropIdle(closed, 200);
    return one;
  };

  test("gets what must not be sent twice only on those unused for less than half of that time", () => {
    expect(taken(hasty(), 99, 500)).toBe(0);
    expect(taken(hasty(), 100, 500)).toBeUndefined();
  });

  test("gets everything else as before", () => expect(taken(hasty(), 100, ALWAYS)).toBe(0));

  test("is forgotten when nobody listens there any more", () => {
    const one = hasty();
    one.refused(300);
    expect(taken(one, 400, 500)).toBe(0);
  });
});
