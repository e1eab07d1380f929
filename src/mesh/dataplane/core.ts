import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { Gatekeeper } from "../session/gatekeeper.ts";
import type { Ledger } from "../session/ledger.ts";
import type { AccessLog } from "./access-log.ts";
import type { HttpDate } from "./http-date.ts";
import type { Metrics } from "./metrics.ts";
import type { Sweep } from "./sweep.ts";
import type { TraceIds } from "./trace-ids.ts";
import type { UpstreamContext } from "./upstream-connection.ts";

/** What all connections of a worker share. */
export interface Core extends UpstreamContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly sweep: Sweep;
  /** One request is read at a time. */
  readonly requestHead: RequestHead;
  readonly date: HttpDate;
  readonly trace: TraceIds;
  readonly ledger: Ledger;
  readonly gatekeeper: Gatekeeper;
  readonly accessLog: AccessLog;
  readonly metrics: Metrics;
  /** The ledger has changed; `harm`: by a failure of a new version. */
  counted(harm: boolean): void;
}
