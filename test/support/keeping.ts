import { afterEach } from "vitest";

/** What is given to the returned function is disposed of after the test, the last first. For the top level of a test file. */
export function keeping(): <T extends AsyncDisposable>(thing: T) => T {
  const open: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const thing of open.splice(0).toReversed()) await thing[Symbol.asyncDispose]();
  });
  return (thing) => {
    open.push(thing);
    return thing;
  };
}
