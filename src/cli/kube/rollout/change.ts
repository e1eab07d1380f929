import { qualifiedName } from "../../../api/resource.ts";
import { AppError } from "../../../lib/app-error.ts";
import { formatTimestamp } from "../../../lib/timestamp.ts";
import type { Context } from "../../context.ts";
import { displayName } from "../targets.ts";
import { type DeploymentTarget, eachDeployment, type RolloutOptions } from "./deployment-target.ts";

/** What pause, resume and restart write, or why they do not; and what is said when they have. */
interface Change {
  /** For what is no Deployment. */
  readonly verb: string;
  readonly done: string;
  /** Why it cannot be done; undefined when it can. */
  readonly refusal: (target: DeploymentTarget) => string | undefined;
  readonly body: (now: number) => object;
}

const PAUSE: Change = {
  verb: "pausing",
  done: "paused",
  refusal: ({ deployment }) => (deployment.spec.paused ? "is already paused" : undefined),
  body: () => ({ spec: { paused: true } }),
};

const RESUME: Change = {
  verb: "resuming",
  done: "resumed",
  refusal: ({ deployment }) => (deployment.spec.paused ? undefined : "is not paused"),
  body: () => ({ spec: { paused: null } }),
};

const RESTART: Change = {
  verb: "restarting",
  done: "restarted",
  refusal: ({ deployment }) =>
    deployment.spec.paused ? "can't restart paused deployment (run rollout resume first)" : undefined,
  body: (now) => ({
    spec: {
      template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": formatTimestamp(now) } } },
    },
  }),
};

const CHANGES: Readonly<Record<"pause" | "resume" | "restart", Change>> = {
  pause: PAUSE,
  resume: RESUME,
  restart: RESTART,
};

/** `sluice rollout pause|resume|restart`: kubectl's. */
export function changeRollout(
  context: Context,
  what: keyof typeof CHANGES,
  args: readonly string[],
  options: RolloutOptions,
): Promise<void> {
  const { verb, done, refusal, body } = CHANGES[what];
  return eachDeployment(context, args, options, verb, async (target, cluster) => {
    const { resource, name, namespace } = target;
    const refused = refusal(target);
    if (refused !== undefined) throw new AppError("usage", `${qualifiedName(resource)} "${name}" ${refused}`);
    const patch = { type: "strategic", body: body(context.clock.now()) } as const;
    await cluster.client.patch(resource, name, namespace, patch, { fieldManager: "kubectl-rollout" });
    context.stdout.write(`${displayName(resource, name)} ${done}\n`);
  });
}
