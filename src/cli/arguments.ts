import type { Command, Option } from "commander";

/** What a flag means that is given without the value that it may have. */
const BARE: Readonly<Record<string, string>> = {
  "--dry-run": "client",
  "--cascade": "background",
  "--validate": "strict",
};

/**
 * Rewrites arguments that kubectl's flag library understands and commander does not: `--watch=true`, `--wait=false`, and
 * `--dry-run` without a value. Nothing behind `--` is touched.
 */
export function normaliseArguments(args: readonly string[], root: Command): readonly string[] {
  const flags = booleanFlags(root);
  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  const normal = before.flatMap((arg) => {
    const bare = BARE[arg];
    if (bare !== undefined) return [`${arg}=${bare}`];
    const [, name = "", value = ""] = /^--([^=]+)=(.*)$/.exec(arg) ?? [];
    const truth = flags.has(name) || flags.has(`no-${name}`) ? truthOf(value) : undefined;
    if (truth === undefined) return [arg];
    if (truth) return flags.has(name) ? [`--${name}`] : [];
    return flags.has(`no-${name}`) ? [`--no-${name}`] : [];
  });
  return end < 0 ? normal : [...normal, ...args.slice(end)];
}

/** Names of all flags that have no value: `watch`, `no-headers`. */
function booleanFlags(command: Command): ReadonlySet<string> {
  const isBoolean = (option: Option): boolean => !option.required && !option.optional;
  const own = command.options.filter(isBoolean).map(({ long }) => (long ?? "").slice(2));
  return new Set([...own, ...command.commands.flatMap((sub) => [...booleanFlags(sub)])]);
}

/** As Go's strconv.ParseBool. */
function truthOf(value: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(value) ? false : undefined;
}
