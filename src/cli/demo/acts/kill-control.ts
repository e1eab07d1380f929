import type { Pod } from "../../../api/generated/core-v1.ts";
import type { Release } from "../../../api/generated/sluice-dev.ts";
import { homeAt } from "../../../engine/home.ts";
import { readRecord } from "../../../engine/process-record.ts";
import { AppError } from "../../../lib/app-error.ts";
import { type Claims, seconds } from "../claims.ts";
import type { Stage } from "../stage.ts";

const BACK = 30_000;

/** Kills the control process with SIGKILL and waits until another one has taken its place. */
export async function killControl(stage: Stage, claims: Claims): Promise<void> {
  const { run } = homeAt(stage.files.home);
  const { pid } = readRecord(run, "control");
  if (pid === undefined) throw new AppError("demo", "there is no control process to kill");
  stage.screen.print(`$ kill -9 ${pid}    # the control process`);
  process.kill(pid, "SIGKILL");
  const killed = stage.now;
  const back = await stage.until("the control process is back", BACK, () => {
    const record = readRecord(run, "control");
    const isOther = record.pid !== undefined && record.pid !== pid;
    return isOther && record.state?.pid === record.pid && record.state?.phase === "ready" ? record.pid : undefined;
  });
  claims.check(
    "the control process comes back by itself",
    true,
    `pid ${pid} → ${back} within ${seconds(stage.now - killed)}`,
  );
}

/** The release is the same attempt with the same beginning, and its weight has grown since. */
export function checkGoesOn(claims: Claims, { status: before }: Release, { status: after }: Release): void {
  const isSame = after?.attempt === before?.attempt && after?.releaseTime === before?.releaseTime;
  const weights = `${before?.weightText ?? "?"} → ${after?.weightText ?? "?"}`;
  claims.check("the release goes on where it was", isSame, `${weights}, attempt ${after?.attempt ?? 1}`);
}

/** The pods of before are there with the same runs of their containers. */
export function checkAdoption(
  claims: Claims,
  before: readonly Pod[],
  now: { get(key: string): Pod | undefined },
): void {
  const alive = before.filter((pod) => livesOn(pod, now.get(`${pod.metadata.namespace}/${pod.metadata.name}`)));
  claims.check(
    "pods live on and are adopted",
    alive.length === before.length,
    `${alive.length} of ${before.length} with the same containers as before`,
  );
}

function livesOn(before: Pod, after: Pod | undefined): boolean {
  return after?.metadata.uid === before.metadata.uid && runsOf(before) === runsOf(after);
}

const runsOf = ({ status }: Pod): string =>
  JSON.stringify((status?.containerStatuses ?? []).map(({ containerID, restartCount }) => [containerID, restartCount]));
