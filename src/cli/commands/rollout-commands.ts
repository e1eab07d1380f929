import type { Command } from "commander";
import type { RolloutOptions } from "../kube/rollout/deployment-target.ts";
import type { StatusOptions } from "../kube/rollout/status.ts";
import type { UndoOptions } from "../kube/rollout/undo.ts";
import { dryRunOption, duration, fileOptions, integer, selectorOption } from "./option-values.ts";
import { allOptions, type Registrar } from "./registrar.ts";

/** kubectl's verbs for rollouts. */
export function rolloutCommands({ root, context }: Registrar): void {
  const rollout = root.command("rollout").description("watch and steer rollouts of Deployments");
  const verb = (name: string, description: string): Command =>
    selectorOption(
      fileOptions(rollout.command(name).description(description).argument("[args...]", "TYPE NAME... | TYPE/NAME...")),
    );

  const status = verb("status", "wait until a rollout has ended; fails at once when it is stuck")
    .option("--no-watch", "only say how far it is")
    .option("--timeout <duration>", "how long to wait; 0: as long as it takes", duration, 0)
    .option("--revision <number>", "fail when another revision rolls out; 0: whichever is the newest", integer, 0);
  status.action(async (args: string[]) =>
    (await import("../kube/rollout/status.ts")).rolloutStatus(context, args, allOptions<StatusOptions>(status)),
  );

  const history = verb("history", "show the revisions");
  history.action(async (args: string[]) =>
    (await import("../kube/rollout/history.ts")).rolloutHistory(context, args, allOptions<RolloutOptions>(history)),
  );

  const undo = verb("undo", "go back to an earlier revision")
    .option("--to-revision <number>", "the revision; 0: the one before the present one", integer, 0)
    .addOption(dryRunOption());
  undo.action(async (args: string[]) =>
    (await import("../kube/rollout/undo.ts")).rolloutUndo(context, args, allOptions<UndoOptions>(undo)),
  );

  const changes = {
    pause: "keep the controller from going on with the rollout",
    resume: "let it go on",
    restart: "replace all pods one after the other",
  } as const;
  for (const what of ["pause", "resume", "restart"] as const) {
    const command = verb(what, changes[what]);
    command.action(async (args: string[]) =>
      (await import("../kube/rollout/change.ts")).changeRollout(
        context,
        what,
        args,
        allOptions<RolloutOptions>(command),
      ),
    );
  }
}
