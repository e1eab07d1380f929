import { InvalidArgumentError } from "commander";
import { AppError } from "../../lib/app-error.ts";
import type { Context } from "../context.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `30s`, `1m30s`, `1.5h`, a plain number of seconds; in milliseconds. */
export function parseDuration(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text)
    throw new InvalidArgumentError(`a duration is written like 30s, 2m or 1h30m.`);
  return parts.reduce((sum, [, number, unit = "s"]) => sum + Number(number) * (UNITS[unit] ?? 0), 0);
}

/**
 * Runs `work` until it ends, the user interrupts, or `timeout` milliseconds (0: never) are over; then throws AppError `timeout`
 * with `message`.
 */
export async function withDeadline<T>(
  context: Pick<Context, "clock" | "signal">,
  timeout: number,
  message: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const cancel =
    timeout > 0 ? context.clock.after(timeout, () => late.abort(new AppError("timeout", message))) : undefined;
  const signal = AbortSignal.any([context.signal, late.signal]);
  try {
    const result = await work(signal);
    signal.throwIfAborted();
    return result;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    cancel?.();
  }
}
