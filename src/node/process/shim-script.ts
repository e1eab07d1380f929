import type { ContainerUser } from "../runtime.ts";
import { type HostTools, type Isolation, unshareArguments } from "./host-tools.ts";
import type { InstanceFiles } from "./instance-files.ts";
import type { PreparedRoot } from "./root-builder.ts";
import { CONTAINER_VARIABLE } from "./strays.ts";

/**
 * The shim: a POSIX shell that lives as long as the container. It costs no Node process, and needs none to do its work:
 * started in a session of its own, it writes down who it is and, at the end, how the program ended.
 *
 *   sh shim                    opens the life line (a FIFO whose only writers are the shim and unshare), becomes
 *   └─ unshare                 which forks into new namespaces, kills the next if it is killed itself, and waits
 *      └─ sh shim inside       process 1 there: mounts, runs the program, reaps orphans, writes the exit code; when it
 *         └─ program           ends the kernel kills whatever the program forked
 *
 * Descriptors: 1 and 2 the log, 3 a pipe that says "started", 4 the life line, 5 the log while 2 takes the complaints
 * of the shim. A shell passes them all on, so they are closed for the program one by one.
 */
export interface ShimOptions {
  readonly files: InstanceFiles;
  readonly tools: HostTools;
  readonly isolation: Isolation;
  readonly hostname: string;
  readonly command: readonly string[];
  readonly workingDir: string;
  /** Variables that must not go through the environment of the shim, see `splitEnvironment`. */
  readonly specialEnv: Readonly<Record<string, string>>;
  readonly user?: ContainerUser;
  /** Absent where namespaces are forbidden: the program then runs on the machine's own root. */
  readonly root?: PreparedRoot;
}

export function shimScript(options: ShimOptions): string {
  const { files, tools, root } = options;
  const open = `exec 5>&2 2>${quote(files.error)}
${quote(tools.mkfifo)} ${quote(files.lifeLine)} && exec 4<>${quote(files.lifeLine)} || exit 125
read -r stat </proc/self/stat && echo "$stat" >${quote(files.shimStat)} || exit 125
[ ! -e ${quote(files.abandoned)} ] || exit 125`;
  const enter = root
    ? `if [ "$1" != inside ]; then
${open}
exec ${quoteAll([tools.unshare ?? "", ...unshareArguments(options.isolation.rootless), "--", tools.sh, files.shim, "inside"])}
fi
read -r stat </proc/self/stat && echo "$stat" >${quote(files.initStat)}
${mountScript(options, root)}`
    : open;
  return `# Container ${files.dir}, written by sluice. It runs while the container does.
umask 022
${enter}
(
  exec 2>&5 5>&- 4>&-
  read -r stat </proc/self/stat && echo "$stat" >${quote(files.programStat)} || exit 125
  trap '' PIPE; echo started >&3 2>/dev/null; trap - PIPE; exec 3>&-
  ${programCommand(options)}
)
code=$?
${root ? "" : `read -r pid rest <${quote(files.programStat)} && kill -KILL -"$pid" 2>/dev/null\n`}printf '%-11d\\n' $code 1<>${quote(files.exit)}
exit $code
`;
}

function mountScript({ files, tools, hostname }: ShimOptions, { memory }: PreparedRoot): string {
  const mount = `${quote(tools.mount ?? "")} -a -T`;
  const lines = [];
  if (tools.hostname !== undefined) lines.push(`${quote(tools.hostname)} ${quote(hostname)}`);
  if (memory) {
    lines.push(`${mount} ${quote(files.memoryFstab)} || exit 125`);
    lines.push(`PATH=/usr/bin:/bin mkdir -p ${quoteAll(memory.directories)} || exit 125`);
    for (const file of memory.files) lines.push(`[ -e ${quote(file)} ] || : >${quote(file)}`);
  }
  lines.push(`${mount} ${quote(files.fstab)} || exit 125`);
  return lines.join("\n");
}

/** Ends in the program itself: each part executes the next. */
export function programCommand(options: Omit<ShimOptions, "files" | "hostname">): string {
  const { tools, root, workingDir, specialEnv, command } = options;
  const env = [tools.env];
  for (const name of SHELL_VARIABLES) if (!(name in specialEnv)) env.push("-u", name);
  for (const [name, value] of Object.entries(specialEnv)) env.push(`${name}=${value}`);
  const session = [tools.setsid];
  if (!root) return `cd ${quote(workingDir)} 2>&1 && exec ${quoteAll([...env, ...session, ...command])}`;
  const enter = [tools.unshare ?? "", ...userArguments(options), "--root", root.root, "--wd", workingDir, "--"];
  return `exec ${quoteAll([...env, ...session, ...enter, ...command])}`;
}

function userArguments({ user, isolation }: Pick<ShimOptions, "user" | "isolation">): readonly string[] {
  if (!user || (isolation.rootless && user.uid === 0)) return [];
  const [uid, gid] = [String(user.uid), String(user.gid)];
  return isolation.rootless ? ["--user", "--map-user", uid, "--map-group", gid] : ["--setuid", uid, "--setgid", gid];
}

/** Variables that shells set by themselves, and so would leak into the program. */
const SHELL_VARIABLES = ["PWD", "OLDPWD", "SHLVL", "_"];
const SHIM_SENSITIVE = new Set([
  ...SHELL_VARIABLES,
  "PATH",
  "IFS",
  "ENV",
  "BASH_ENV",
  "PS4",
  "POSIXLY_CORRECT",
  "LC_ALL",
  "LANG",
  // The shim bears no mark: it has to outlive those that are killed for theirs, and to write down how they ended.
  CONTAINER_VARIABLE,
]);

/**
 * Most variables reach the program through the environment of the shim: they then are on no command line, where any
 * user of the machine could read them. Those that a shell drops (names with dots) or heeds are given to env(1) at the
 * last moment.
 */
export function splitEnvironment(env: Readonly<Record<string, string>>): {
  readonly plain: Readonly<Record<string, string>>;
  readonly special: Readonly<Record<string, string>>;
} {
  const plain: Record<string, string> = {};
  const special: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const isSpecial =
      SHIM_SENSITIVE.has(name) || /^(?:LD_|BASH_FUNC|LIBMOUNT_)/.test(name) || !/^[A-Za-z_]\w*$/.test(name);
    (isSpecial ? special : plain)[name] = value;
  }
  return { plain, special };
}

/** A word of the shell that means exactly `text`. */
export function quote(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export const quoteAll = (words: readonly string[]): string => words.map(quote).join(" ");
