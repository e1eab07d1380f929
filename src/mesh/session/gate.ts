/** Whether a session may send requests to the new version. Shared by the rule that draws and the trip that shuts it. */
export interface Gate {
  readonly session: string;
  shut: boolean;
  /** Time (ms since the epoch) of the last request that was sent to the new version; 0: none yet. */
  lastSent: number;
}
