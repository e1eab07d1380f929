import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../lib/app-error.ts";
import { BuildContext } from "./build-context.ts";
import { DockerfileError, type Instruction, parseDockerfile } from "./dockerfile.ts";
import { expandWord, splitWords } from "./dockerfile-words.ts";
import { type ImageLayout, ingestJson, type NewBlob } from "./image-layout.ts";
import { type Descriptor, type ImageConfig, type ImageManifest, MEDIA_TYPES, ociArchitecture } from "./image-spec.ts";
import { LayerBuilder } from "./layer-builder.ts";
import { readArg, Stage } from "./stage.ts";

export interface BuildOptions {
  /** Directory whose files may be copied. */
  readonly context: string;
  /** Build file; default: `Dockerfile` in the context. */
  readonly dockerfile?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
}

/** The image that FROM names. */
export interface BaseImage {
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  /** Its files, unpacked. */
  readonly root: string;
}

export interface Built {
  /** Everything that the image needs and the store may not have. */
  readonly blobs: readonly NewBlob[];
  /** What must be in the store already. */
  readonly needed: readonly string[];
  readonly manifest: Descriptor;
  readonly warnings: readonly string[];
}

const NO_TIME = "1970-01-01T00:00:00Z";
/** What a program finds when the image says nothing; Docker gives images from scratch the same. */
const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export const sha256 = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/**
 * Builds an image from a Dockerfile without RUN. The same files, build file and arguments give the same digest on any
 * machine. `ingest` takes the new blobs.
 */
export async function buildImage(
  options: BuildOptions,
  ingest: string,
  findBase: (name: string) => Promise<BaseImage | undefined>,
): Promise<Built> {
  const { instructions, escape } = parseDockerfile(readDockerfile(options));
  const { from, globalArgs, rest } = splitAtFrom(instructions, escape, options.buildArgs ?? {});
  const base = from.image === "scratch" ? undefined : await findBase(from.image);
  if (!base && from.image !== "scratch") {
    throw new DockerfileError(from.line, `FROM ${from.image}: no such image in the local store`);
  }
  const stage = new Stage({
    base: base?.config.config ?? { Env: [DEFAULT_PATH] },
    context: new BuildContext(options.context),
    layers: new LayerBuilder(ingest, base?.root),
    escape,
    buildArgs: options.buildArgs ?? {},
    globalArgs,
  });
  for (const instruction of rest) await stage.apply(instruction);
  const unused = Object.keys(options.buildArgs ?? {}).filter((name) => !stage.declares(name) && !globalArgs.has(name));
  const warnings =
    unused.length === 0
      ? stage.warnings
      : [...stage.warnings, `build arguments that no ARG declares: ${unused.join(", ")}`];
  return { ...assemble(stage, ingest, base), warnings };
}

function assemble(stage: Stage, ingest: string, base: BaseImage | undefined): Omit<Built, "warnings"> {
  const config: ImageConfig = {
    created: NO_TIME,
    architecture: base?.config.architecture ?? ociArchitecture(process.arch),
    os: "linux",
    config: stage.config,
    rootfs: {
      type: "layers",
      diff_ids: [...(base?.config.rootfs.diff_ids ?? []), ...stage.layers.map(({ digest }) => digest)],
    },
    history: [...(base?.config.history ?? []), ...stage.history],
  };
  const configBlob = ingestJson(ingest, config, sha256);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: { mediaType: MEDIA_TYPES.config, digest: configBlob.digest, size: configBlob.size },
    layers: [
      ...(base?.manifest.layers ?? []),
      ...stage.layers.map(({ digest, size }) => ({ mediaType: MEDIA_TYPES.layer, digest, size })),
    ],
  };
  const manifestBlob = ingestJson(ingest, manifest, sha256);
  return {
    blobs: [...stage.layers, configBlob, manifestBlob],
    needed: (base?.manifest.layers ?? []).map(({ digest }) => digest),
    manifest: {
      mediaType: MEDIA_TYPES.manifest,
      digest: manifestBlob.digest,
      size: manifestBlob.size,
      platform: { architecture: config.architecture, os: config.os },
    },
  };
}

function readDockerfile({ context, dockerfile }: BuildOptions): string {
  const path = dockerfile ?? join(context, "Dockerfile");
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new AppError("DockerfileUnreadable", `cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** ARG may stand before FROM, and then is known to FROM alone unless it is declared again. */
function splitAtFrom(
  instructions: readonly Instruction[],
  escape: string,
  given: Readonly<Record<string, string>>,
): {
  from: { image: string; line: number };
  globalArgs: ReadonlyMap<string, string | undefined>;
  rest: readonly Instruction[];
} {
  const globalArgs = new Map<string, string | undefined>();
  for (const [index, instruction] of instructions.entries()) {
    const { name, text, line, flags } = instruction;
    const lookup = (arg: string): string | undefined => globalArgs.get(arg);
    if (name === "ARG") {
      for (const word of splitWords(text, escape, lookup, line)) {
        const { name: arg, value } = readArg(word, line);
        globalArgs.set(arg, given[arg] ?? value);
      }
    } else if (name === "FROM") {
      for (const flag of Object.keys(flags))
        if (flag !== "platform") throw new DockerfileError(line, `unknown flag: --${flag}`);
      const [, image] = /^(\S+)(?:\s+[aA][sS]\s+\S+)?$/.exec(text) ?? [];
      if (image === undefined) throw new DockerfileError(line, "FROM requires either one or three arguments");
      return {
        from: { image: expandWord(image, escape, lookup, line), line },
        globalArgs,
        rest: instructions.slice(index + 1),
      };
    } else throw new DockerfileError(line, "no build stage in current context: the first instruction must be FROM");
  }
  throw new DockerfileError(1, "the file has no FROM");
}

/** Runs `work` with a directory for new blobs, which is gone afterwards whatever happens. */
export async function withIngest<T>(layout: ImageLayout, work: (ingest: string) => Promise<T>): Promise<T> {
  const ingest = layout.openIngest();
  try {
    return await work(ingest);
  } finally {
    rmSync(ingest, { recursive: true, force: true });
  }
}
