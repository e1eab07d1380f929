import { randomUUID } from "node:crypto";
import type { Random } from "../lib/random.ts";

/** Real chance. `next` is the engine's xorshift128+: uniform and fast, which is what the draw needs; secrets use node:crypto. */
export const systemRandom: Random = { next: () => Math.random(), uuid: () => randomUUID() };
