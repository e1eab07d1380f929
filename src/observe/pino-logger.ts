import { type Logger as Pino, pino, stdSerializers } from "pino";
import type { Clock } from "../lib/clock.ts";
import type { LineWriter } from "./log-file.ts";
import type { Logger } from "./logger.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface PinoOptions {
  readonly clock: Clock;
  readonly writer: LineWriter;
  readonly level: LogLevel;
  /** `control`, `mesh-1`, …: a field of every line. */
  readonly process: string;
}

/** JSON lines by pino: `{"level":"info","time":"2026-01-01T00:00:00.000Z","process":"control","msg":"…", …}`. */
export function pinoLogger({ clock, writer, level, process }: PinoOptions): Logger {
  return adapt(
    pino(
      {
        level,
        base: { process },
        timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: (value: unknown) => (value instanceof Error ? stdSerializers.err(value) : value) },
      },
      writer,
    ),
  );
}

function adapt(log: Pino): Logger {
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
    child: (fields) => adapt(log.child(fields)),
  };
}
