/** What the last lines of a crashed program's log tell. */
export interface LogTail {
  /** The line that says most. */
  readonly line?: string;
  /** An environment variable that the log names and the container does not have. */
  readonly variable?: string;
  /** The program could not listen because its address, that of all interfaces, was taken. */
  readonly addressInUse: boolean;
}

/** `MENU_SOURCE`, but neither `EACCES` nor `ERR_MODULE_NOT_FOUND`. */
const VARIABLE = /(?<![\w.])(?!ERR_)[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?!\w)/g;
/** `environment variable TOKEN`: then one without underscore counts too. */
const NAMED_VARIABLE = /\b(?:env(?:ironment)?|variable)s?\b[^A-Za-z]*(?:variables?\b)?[^A-Za-z]*([A-Z][A-Z0-9_]+)\b/gi;
const COMPLAINT =
  /\b(?:error|exception|fatal|panic|missing|required|undefined|unset|not set|not defined|must be set)\b/i;
const NOISE = /^(?:at |Node\.js v|\^|[{}]|\.{3})/;
const ADDRESS_IN_USE = /EADDRINUSE|address already in use/i;
const WILDCARD = /(?:^|[^\d.])0\.0\.0\.0|:::|\[::\]|(?:^|[\s'"])\*:\d/;

/** Reads the end of a log; `defined` are the names of the variables that the container has. */
export function readLogTail(text: string, defined: readonly string[]): LogTail {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !NOISE.test(line));
  const telling = lines.filter((line) => COMPLAINT.test(line));
  const naming = telling.findLast((line) => variableIn(line, defined) !== undefined);
  const line = naming ?? telling.at(-1) ?? lines.at(-1);
  const variable = naming === undefined ? undefined : variableIn(naming, defined);
  const clash = lines.find((candidate) => ADDRESS_IN_USE.test(candidate));
  return {
    ...(line !== undefined && { line: clash ?? line }),
    ...(variable !== undefined && { variable }),
    addressInUse: clash !== undefined && WILDCARD.test(clash),
  };
}

function variableIn(line: string, defined: readonly string[]): string | undefined {
  const named = [...line.matchAll(NAMED_VARIABLE)].flatMap(([, name]) =>
    name && name === name.toUpperCase() ? [name] : [],
  );
  return [...named, ...(line.match(VARIABLE) ?? [])].find((name) => !defined.includes(name));
}
