import { AppError } from "../../lib/app-error.ts";

/** One instruction of a Dockerfile, its continuation lines joined. Words are not split or expanded yet. */
export interface Instruction {
  /** In upper case. */
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  /** What follows the name and the flags. */
  readonly text: string;
  /** The words of the JSON form (`["a", "b"]`), when it is one. */
  readonly json?: readonly string[];
  /** Line of the file, counted from 1. */
  readonly line: number;
}

/** An error in a build file; the message names the line. */
export class DockerfileError extends AppError {
  readonly line: number;

  constructor(line: number, message: string) {
    super("DockerfileInvalid", `Dockerfile line ${line}: ${message}`);
    this.name = "DockerfileError";
    this.line = line;
  }
}

const KNOWN = new Set([
  "ADD",
  "ARG",
  "CMD",
  "COPY",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "FROM",
  "HEALTHCHECK",
  "LABEL",
  "MAINTAINER",
  "ONBUILD",
  "RUN",
  "SHELL",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
]);
const WITH_JSON = new Set(["ADD", "CMD", "COPY", "ENTRYPOINT", "SHELL", "VOLUME"]);
const WITH_FLAGS = new Set(["ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"]);

export interface Dockerfile {
  readonly instructions: readonly Instruction[];
  /** `\` unless the file says `# escape=` something else. */
  readonly escape: string;
}

/**
 * Reads a Dockerfile: parser directives, comments, continuation lines.
 * https://docs.docker.com/reference/dockerfile/#format
 */
export function parseDockerfile(source: string): Dockerfile {
  const lines = source.replace(/^\uFEFF/, "").split(/\r?\n/);
  const escape = escapeOf(lines);
  const instructions: Instruction[] = [];
  let pending: { readonly line: number; text: string } | undefined;
  for (const [index, line] of lines.entries()) {
    if (/^\s*#/.test(line) || (pending && line.trim() === "")) continue;
    pending ??= { line: index + 1, text: "" };
    const trimmed = line.trimEnd();
    const continues = trimmed.endsWith(escape) && !trimmed.endsWith(escape + escape);
    pending.text += continues ? trimmed.slice(0, -1) : line;
    if (continues) continue;
    if (pending.text.trim() !== "") instructions.push(parseInstruction(pending.text.trim(), pending.line));
    pending = undefined;
  }
  if (pending && pending.text.trim() !== "") instructions.push(parseInstruction(pending.text.trim(), pending.line));
  if (instructions.length === 0) throw new DockerfileError(1, "the file has no instructions");
  return { instructions, escape };
}

/** Directives stand before everything else: `# escape=\``, `# syntax=…`. */
function escapeOf(lines: readonly string[]): string {
  for (const [index, line] of lines.entries()) {
    const directive = /^#\s*([a-zA-Z]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (!directive) break;
    if (directive[1]?.toLowerCase() !== "escape") continue;
    const value = directive[2] ?? "";
    if (value !== "\\" && value !== "`")
      throw new DockerfileError(index + 1, `invalid ESCAPE '${value}': must be ' or \\`);
    return value;
  }
  return "\\";
}

function parseInstruction(text: string, line: number): Instruction {
  const [, word = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const name = word.toUpperCase();
  if (!KNOWN.has(name)) throw new DockerfileError(line, `unknown instruction: ${word}`);
  const [flags, body] = WITH_FLAGS.has(name) ? splitFlags(rest, line) : [{}, rest];
  if (body === "") throw new DockerfileError(line, `${name} requires at least one argument`);
  if (/^(?:COPY|ADD|RUN)$/.test(name) && /(?:^|\s)<<-?["']?\w/.test(body)) {
    throw new DockerfileError(
      line,
      `${name} with a here-document is not supported: put the text into a file and COPY it`,
    );
  }
  const json = WITH_JSON.has(name) ? parseJsonWords(body) : undefined;
  return { name, flags, text: body, line, ...(json && { json }) };
}

function splitFlags(rest: string, line: number): [Record<string, string>, string] {
  const flags: Record<string, string> = {};
  let body = rest;
  for (;;) {
    const flag = /^--([a-z-]+)(?:=(\S*))?(?:\s+|$)/.exec(body);
    if (!flag?.[1]) break;
    if (flag[1] in flags) throw new DockerfileError(line, `Duplicate flag specified: ${flag[1]}`);
    flags[flag[1]] = flag[2] ?? "true";
    body = body.slice(flag[0].length);
  }
  return [flags, body];
}

/** The JSON form; anything that is not an array of strings is the shell form, as Docker has it. */
function parseJsonWords(text: string): readonly string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((word) => typeof word === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}
