import type { Clock } from "../lib/clock.ts";
import type { LineWriter } from "./log-file.ts";
import type { LogFields, Logger } from "./logger.ts";

/** JSON lines like those of pinoLogger, from level `info` up, without its 6 MB: for processes of which there is one a core. */
export function lineLogger(clock: Clock, writer: LineWriter, base: LogFields): Logger {
  const say = (level: string, message: string, fields: LogFields = {}): void => {
    const time = new Date(clock.now()).toISOString();
    writer.write(`${JSON.stringify({ level, time, ...base, msg: message, ...fields }, readable)}\n`);
  };
  return {
    debug: () => undefined,
    info: (message, fields) => say("info", message, fields),
    warn: (message, fields) => say("warn", message, fields),
    error: (message, fields) => say("error", message, fields),
    child: (fields) => lineLogger(clock, writer, { ...base, ...fields }),
  };
}

/** Errors have no fields of their own that JSON would show. */
function readable(_key: string, value: unknown): unknown {
  return value instanceof Error ? { type: value.name, message: value.message, stack: value.stack } : value;
}
