/** An Event to be recorded on the object that a plan is about. `reason` and `message` are read by people and compared by tools. */
export interface EventAction {
  readonly kind: "event";
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly why: string;
}
