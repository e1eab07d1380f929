import { posix } from "node:path";
import type { BuildContext } from "./build-context.ts";
import { DockerfileError, type Instruction } from "./dockerfile.ts";
import { expandWord, splitWords } from "./dockerfile-words.ts";
import type { NewBlob } from "./image-layout.ts";
import type { ImageConfig, RunConfig } from "./image-spec.ts";
import type { LayerBuilder } from "./layer-builder.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const RUN_HELP =
  "RUN is not supported: an image is built without running anything. Run the command on this machine " +
  "(npm ci, npm run build, …) and COPY its result";

/** The image in the making: what each instruction adds to it. */
export class Stage {
  readonly config: Writable<RunConfig>;
  readonly layers: NewBlob[] = [];
  readonly history: NonNullable<ImageConfig["history"]>[number][] = [];
  readonly warnings: string[] = [];
  readonly #context: BuildContext;
  readonly #layerBuilder: LayerBuilder;
  readonly #escape: string;
  readonly #args = new Map<string, string | undefined>();
  readonly #given: Readonly<Record<string, string>>;
  readonly #global: ReadonlyMap<string, string | undefined>;
  #shell: readonly string[] = ["/bin/sh", "-c"];
  #cmdIsOurs = false;

  constructor(options: {
    readonly base: RunConfig;
    readonly context: BuildContext;
    readonly layers: LayerBuilder;
    readonly escape: string;
    readonly buildArgs: Readonly<Record<string, string>>;
    readonly globalArgs: ReadonlyMap<string, string | undefined>;
  }) {
    this.config = { ...options.base };
    this.#context = options.context;
    this.#layerBuilder = options.layers;
    this.#escape = options.escape;
    this.#given = options.buildArgs;
    this.#global = options.globalArgs;
  }

  async apply(instruction: Instruction): Promise<void> {
    const layersBefore = this.layers.length;
    const handle = this.#handlers[instruction.name];
    if (!handle) throw new DockerfileError(instruction.line, `${instruction.name} is not supported`);
    await handle(instruction);
    const isNew = this.layers.length > layersBefore;
    this.history.push({ created_by: `${instruction.name} ${instruction.text}`, ...(!isNew && { empty_layer: true }) });
  }

  readonly #handlers: Readonly<Record<string, (instruction: Instruction) => void | Promise<void>>> = {
    ADD: (instruction) => this.#copy(instruction),
    COPY: (instruction) => this.#copy(instruction),
    ARG: (instruction) => this.#declareArgs(instruction),
    CMD: ({ json, text }) => {
      this.config.Cmd = json ?? [...this.#shell, text];
      this.#cmdIsOurs = true;
    },
    ENTRYPOINT: ({ json, text }) => {
      this.config.Entrypoint = json ?? [...this.#shell, text];
      if (!this.#cmdIsOurs) delete this.config.Cmd;
    },
    ENV: (instruction) => this.#setEnv(instruction),
    EXPOSE: (instruction) => {
      this.config.ExposedPorts = { ...this.config.ExposedPorts, ...this.#ports(instruction) };
    },
    LABEL: (instruction) => {
      this.config.Labels = { ...this.config.Labels, ...Object.fromEntries(this.#pairs(instruction)) };
    },
    MAINTAINER: ({ text }) => {
      this.config.Labels = { ...this.config.Labels, maintainer: text };
    },
    SHELL: ({ json, line }) => {
      if (!json || json.length === 0)
        throw new DockerfileError(line, "SHELL requires the arguments to be in JSON form");
      this.#shell = json;
    },
    STOPSIGNAL: (instruction) => {
      this.config.StopSignal = this.#expand(instruction);
    },
    USER: (instruction) => {
      this.config.User = this.#expand(instruction);
    },
    VOLUME: (instruction) => {
      const paths = (instruction.json ?? this.#words(instruction)).map((path) => [path, {}] as const);
      this.config.Volumes = { ...this.config.Volumes, ...Object.fromEntries(paths) };
    },
    WORKDIR: (instruction) => this.#changeDirectory(instruction),
    HEALTHCHECK: ({ line }) => {
      this.warnings.push(`line ${line}: HEALTHCHECK is ignored: use probes in the pod`);
    },
    RUN: ({ line }) => {
      throw new DockerfileError(line, RUN_HELP);
    },
    FROM: ({ line }) => {
      throw new DockerfileError(line, "a second FROM (a multi-stage build) is not supported");
    },
  };

  async #copy(instruction: Instruction): Promise<void> {
    const { name, json, line } = instruction;
    const words = json?.map((word) => expandWord(word, "", this.lookup, line)) ?? this.#words(instruction);
    const target = words.at(-1);
    const sources = words.slice(0, -1);
    if (target === undefined || sources.length === 0) {
      throw new DockerfileError(line, `${name} requires at least two arguments, but only ${words.length} was provided`);
    }
    const options = copyOptions(instruction);
    for (const source of sources) if (name === "ADD") refuseForAdd(source, line);
    const intoDirectory = /(?:^|\/)\.{0,2}$/.test(target);
    try {
      const selections = sources.flatMap((source) => this.#context.select(source));
      if (!intoDirectory && selections.length > 1) {
        throw new Error(`with more than one source the destination must be a directory and end with /: ${target}`);
      }
      this.layers.push(await this.#layerBuilder.copy(selections, this.#absolute(target), intoDirectory, options));
    } catch (error) {
      if (error instanceof DockerfileError) throw error;
      throw new DockerfileError(line, `${name}: ${(error as Error).message}`);
    }
  }

  async #changeDirectory(instruction: Instruction): Promise<void> {
    this.config.WorkingDir = this.#absolute(this.#expand(instruction));
    const layer = await this.#layerBuilder.directory(this.config.WorkingDir);
    if (layer) this.layers.push(layer);
  }

  #declareArgs(instruction: Instruction): void {
    for (const word of this.#words(instruction)) {
      const { name, value } = readArg(word, instruction.line);
      this.#args.set(name, this.#given[name] ?? value ?? this.#global.get(name));
    }
  }

  #setEnv(instruction: Instruction): void {
    const env = new Map((this.config.Env ?? []).map((pair) => splitPair(pair)));
    for (const [name, value] of this.#pairs(instruction)) env.set(name, value);
    this.config.Env = [...env].map(([name, value]) => `${name}=${value}`);
  }

  /** `a=1 b="2 3"`, or the old form `a 1 2`, which takes the rest of the line. */
  #pairs(instruction: Instruction): readonly [string, string][] {
    const { name, text, line } = instruction;
    const old = /^([^\s=]+)\s+([\s\S]*)$/.exec(text);
    if (old) return [[old[1] ?? "", expandWord((old[2] ?? "").trim(), this.#escape, this.lookup, line)]];
    return this.#words(instruction).map((word) => {
      if (!/^[^=]+=/.test(word))
        throw new DockerfileError(
          line,
          `Syntax error - can't find = in "${word}". Must be of the form: name=value (${name})`,
        );
      return splitPair(word);
    });
  }

  #ports(instruction: Instruction): Record<string, object> {
    const ports: Record<string, object> = {};
    for (const word of this.#words(instruction)) {
      const [, from = "", to = from, protocol = "tcp"] = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/.exec(word) ?? [];
      if (from === "" || Number(to) > 65535 || Number(from) > Number(to)) {
        throw new DockerfileError(instruction.line, `invalid containerPort: ${word}`);
      }
      for (let port = Number(from); port <= Number(to); port++) ports[`${port}/${protocol}`] = {};
    }
    return ports;
  }

  #words({ text, line }: Instruction): readonly string[] {
    return splitWords(text, this.#escape, this.lookup, line);
  }

  #expand({ text, line }: Instruction): string {
    return expandWord(text, this.#escape, this.lookup, line);
  }

  #absolute(path: string): string {
    return posix.resolve(this.config.WorkingDir || "/", path);
  }

  /** ENV wins over ARG. */
  readonly lookup = (name: string): string | undefined => {
    const pair = this.config.Env?.find((candidate) => candidate.startsWith(`${name}=`));
    return pair === undefined ? this.#args.get(name) : pair.slice(name.length + 1);
  };

  declares(arg: string): boolean {
    return this.#args.has(arg);
  }
}

export function readArg(word: string, line: number): { readonly name: string; readonly value?: string } {
  const [, name, value] = /^([A-Za-z_]\w*)(?:=([\s\S]*))?$/.exec(word) ?? [];
  if (name === undefined) throw new DockerfileError(line, `invalid ARG name: ${word}`);
  return { name, ...(value !== undefined && { value }) };
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

function copyOptions({ name, flags, line }: Instruction): { uid: number; gid: number; mode?: number } {
  for (const flag of Object.keys(flags)) {
    if (flag === "from")
      throw new DockerfileError(
        line,
        `${name} --from is not supported: there are no stages; COPY from the build context`,
      );
    if (!["chown", "chmod", "link"].includes(flag)) throw new DockerfileError(line, `unknown flag: --${flag}`);
  }
  const [uid = "0", gid = uid] = (flags["chown"] ?? "0").replace(/\broot\b/g, "0").split(":");
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) {
    throw new DockerfileError(
      line,
      `--chown=${flags["chown"]}: only numbers (and root) are understood, e.g. --chown=1000:1000`,
    );
  }
  const mode = flags["chmod"];
  if (mode !== undefined && !/^[0-7]{3,4}$/.test(mode))
    throw new DockerfileError(line, `invalid chmod parameter: '${mode}'. it should be octal string`);
  return { uid: Number(uid), gid: Number(gid), ...(mode !== undefined && { mode: Number.parseInt(mode, 8) }) };
}

function refuseForAdd(source: string, line: number): void {
  if (/^(?:https?:|git@|ssh:)/.test(source))
    throw new DockerfileError(line, `ADD of a URL is not supported: download ${source} and COPY it`);
  if (/\.(?:tar(?:\.\w+)?|tgz|tbz2|txz)$/.test(source)) {
    throw new DockerfileError(line, `ADD of an archive is not supported: unpack ${source} and COPY the directory`);
  }
}
