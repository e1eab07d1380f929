import { type Command, Option } from "commander";
import type { ClusterOptions } from "../kube/cluster.ts";
import type { Verb } from "../releases/order.ts";
import type { ReleaseOptions } from "../releases/releases.ts";
import type { ReleaseStatusOptions } from "../releases/status.ts";
import { duration } from "./option-values.ts";
import { allOptions, type Registrar } from "./registrar.ts";

const ORDERS: readonly (readonly [verb: Exclude<Verb, "promote-full">, description: string])[] = [
  ["promote", "go one step on; --full: to 100 %"],
  ["pause", "stay at this weight"],
  ["resume", "go on after a pause"],
  ["abort", "take all users back to the old version, then the new pods away"],
  ["retry", "try a release once more that has failed and is held"],
];

/** Commands for releases: what they are doing, and orders to them. */
export function releaseCommands({ root, context }: Registrar): void {
  const release = root.command("release").description("watch and steer releases: which users get the new version");
  const verb = (name: string, description: string): Command =>
    release
      .command(name)
      .description(description)
      .argument("<args...>", "the Deployment: NAME, TYPE NAME or TYPE/NAME");

  const shown = (name: string, description: string): Command =>
    verb(name, description).addOption(new Option("-o, --output <format>").choices(["json", "yaml"]));

  const status = shown("status", "where the newest release is, and what it waits for")
    .option("-w, --watch", "follow it to its end; fails when that is not a success")
    .option("--timeout <duration>", "how long to follow it; 0: as long as it takes", duration, 0);
  status.action(async (args: string[]) =>
    (await import("../releases/status.ts")).releaseStatus(context, args, allOptions<ReleaseStatusOptions>(status)),
  );
  const history = shown("history", "all releases");
  history.action(async (args: string[]) =>
    (await import("../releases/history.ts")).history(context, args, allOptions<ReleaseOptions>(history)),
  );
  const why = shown("why", "the receipt and each decision with its reason");
  why.action(async (args: string[]) =>
    (await import("../releases/why.ts")).why(context, args, allOptions<ReleaseOptions>(why)),
  );
  for (const [name, description] of ORDERS) {
    const command = verb(name, description);
    if (name === "promote") command.option("--full", "to 100 % at once");
    command.action(async (args: string[]) => {
      const options = allOptions<ClusterOptions & { readonly full?: boolean }>(command);
      const order = options.full ? "promote-full" : name;
      await (await import("../releases/order.ts")).order(context, order, args, options);
    });
  }
}
