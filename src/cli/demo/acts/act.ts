import type { Claims } from "../claims.ts";
import type { Stage } from "../stage.ts";

/** One act of the story. It does what a user would do and checks what it claims. */
export interface Act {
  readonly name: string;
  /** What is going to happen, for the audience. */
  readonly prologue: string;
  play(stage: Stage, claims: Claims): Promise<void>;
}
