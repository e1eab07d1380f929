import { Option } from "commander";
import type { BuildOptions } from "../image/build.ts";
import { several, text } from "./option-values.ts";
import type { Registrar } from "./registrar.ts";

/** Commands for the images of the home; the engine need not run. */
export function imageCommands({ root, context }: Registrar): void {
  const image = root.command("image").description("build and keep images");
  image
    .command("build")
    .description("build an image from a folder with a Dockerfile without RUN")
    .argument("<folder>")
    .requiredOption("-t, --tag <name>", "name of the image, NAME:TAG", several)
    .option("-f, --file <path>", "build file (default: FOLDER/Dockerfile)", text)
    .option("--build-arg <pair>", "value of an ARG, NAME=VALUE", several)
    .action(async (folder: string, options: BuildOptions) =>
      (await import("../image/build.ts")).build(context, folder, options),
    );
  image
    .command("load")
    .description("take in the images of an archive")
    .requiredOption("-i, --input <archive>", "file, as docker save writes it", text)
    .action(async ({ input }: { input: string }) => (await import("../image/load.ts")).load(context, input));
  image
    .command("save")
    .description("write images to an archive")
    .argument("<name...>")
    .requiredOption("-o, --output <archive>", "file, as docker load reads it", text)
    .action(async (names: string[], { output }: { output: string }) =>
      (await import("../image/save.ts")).save(context, names, output),
    );
  image
    .command("ls")
    .description("list the images")
    .addOption(new Option("-o, --output <format>").choices(["json"]))
    .action(async (options: { output?: "json" }) => (await import("../image/ls.ts")).ls(context, options));
  image
    .command("rm")
    .description("remove images")
    .argument("<name...>")
    .action(async (names: string[]) => (await import("../image/rm.ts")).rm(context, names));
}
