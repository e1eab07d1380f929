import { integer, text } from "./option-values.ts";
import type { DemoOptions } from "../demo/story.ts";
import type { Registrar } from "./registrar.ts";

export function demoCommand({ root, context, exit }: Registrar): void {
  root
    .command("demo")
    .description("play the story: deploy and release FTGO under load, on an engine of its own")
    .option("--report <file>", "write figures and claims as JSON", text)
    .option("--acts <number>", "only the first acts", integer)
    .action(async (options: DemoOptions) => exit(await (await import("../demo/story.ts")).demo(context, options)));
}
