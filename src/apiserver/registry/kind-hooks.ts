import type { KubeObject } from "../../api/object.ts";

/** What a kind claims of a pool when an object is written (a Service its addresses), and gives back when it is gone. */
export interface KindHooks {
  /**
   * Fills in, before validation, what the pools decide about and the client need not say again; takes nothing yet. Throws Invalid when
   * the pools do not have what the object asks for.
   */
  prepare(old: KubeObject | undefined, object: KubeObject, dryRun: boolean): KubeObject;
  /**
   * Runs within the write of `object`, after validation; `old` is absent when it is created. Throws Invalid when the pool
   * does not have what the object asks for.
   */
  claim(old: KubeObject | undefined, object: KubeObject, dryRun: boolean): Claim;
  /** The object is gone for good. */
  release(last: KubeObject): void;
}

export interface Claim {
  /** With what it was given. */
  readonly object: KubeObject;
  /** Called once: whether the object has been written, or the claim is to be undone. */
  settle(written: boolean): void;
}
