import { AppError } from "../../lib/app-error.ts";
import type { Context } from "../context.ts";
import { imageStore, shortId } from "./store.ts";

export interface BuildOptions {
  readonly tag: readonly string[];
  readonly file?: string;
  readonly buildArg?: readonly string[];
}

/** Builds an image from a folder with a Dockerfile and gives it its names. */
export async function build(context: Context, folder: string, options: BuildOptions): Promise<void> {
  const [name, ...others] = options.tag;
  if (name === undefined) throw new AppError("usage", "an image needs a name: -t NAME:TAG");
  const store = imageStore(context);
  const { id, warnings } = await store.build({
    context: folder,
    name,
    ...(options.file !== undefined && { dockerfile: options.file }),
    buildArgs: Object.fromEntries((options.buildArg ?? []).map((pair) => argument(pair, context.env))),
  });
  for (const warning of warnings) context.stderr.write(`Warning: ${warning}\n`);
  for (const other of others) store.tag(name, other);
  context.stdout.write(`Built ${options.tag.join(", ")} (${shortId(id)})\n`);
}

/** `NAME=VALUE`, or `NAME` for the value that the environment has. */
function argument(pair: string, env: Context["env"]): readonly [string, string] {
  const [name = "", ...value] = pair.split("=");
  return [name, value.length > 0 ? value.join("=") : (env[name] ?? "")];
}
