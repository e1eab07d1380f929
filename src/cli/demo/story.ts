import { writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { AppError } from "../../lib/app-error.ts";
import type { Context } from "../context.ts";
import type { Act } from "./acts/act.ts";
import { comeUp } from "./acts/come-up.ts";
import { getStuck } from "./acts/get-stuck.ts";
import { release } from "./acts/release.ts";
import { rollOut } from "./acts/roll-out.ts";
import { withdraw } from "./acts/withdraw.ts";
import { Claims } from "./claims.ts";
import { DemoFiles } from "./files.ts";
import { liveView } from "./live.ts";
import { summarise } from "./load/record.ts";
import { type ActReport, type ActRun, holds, makeReport, type Report, reportText } from "./report.ts";
import { Screen } from "./screen.ts";
import { Stage } from "./stage.ts";
import { runSluice } from "./subcommand.ts";

export const ACTS: readonly Act[] = [comeUp, rollOut, getStuck, withdraw, release];

export interface DemoOptions {
  /** File for the report, as JSON. */
  readonly report?: string;
  /** Leaves out the acts behind the first so many. */
  readonly acts?: number;
}

/**
 * Plays the story on an engine of its own, in a folder of its own that goes with it whatever happens. Returns the exit code: 0
 * when every claim holds.
 */
export async function demo(context: Context, options: DemoOptions): Promise<number> {
  const report = await play(context, ACTS.slice(0, options.acts));
  context.stdout.write(`\n${reportText(report)}`);
  if (options.report !== undefined) writeFileSync(resolve(options.report), `${JSON.stringify(report, null, 2)}\n`);
  return holds(report) ? 0 : 1;
}

/** Plays the acts and takes everything down again. An act that breaks ends the story. */
export async function play(context: Context, acts: readonly Act[]): Promise<Report> {
  using files = new DemoFiles(dirname(dirname(context.programs)), process.cwd());
  using screen = new Screen(context.stdout, context.clock);
  const stage = new Stage(context, files, screen);
  const runs: ActRun[] = [];
  try {
    for (const act of acts) {
      const run = await playAct(stage, act, makeReport(runs, stage.records).acts);
      runs.push(run);
      if (run.broken) break;
    }
    context.signal.throwIfAborted();
    return makeReport(runs, await stage.stopLoad());
  } finally {
    await stage[Symbol.asyncDispose]();
    await takeDown(context, files, screen);
  }
}

async function playAct(
  stage: Stage,
  act: Act,
  done: readonly ActReport[],
): Promise<ActRun & { readonly broken: boolean }> {
  const { screen } = stage;
  const claims = new Claims(({ text, ok, measured }) => screen.print(`${ok ? "✓" : "✗"} ${text}: ${measured}`));
  const from = stage.now;
  screen.print(`\nAct ${act.name}. ${act.prologue}`);
  screen.show(liveView(stage, done, act.name, from));
  const isLoaded = stage.records.length > 0;
  let broken = false;
  try {
    await act.play(stage, claims);
    if (isLoaded) checkLoad(stage, claims, from);
  } catch (error) {
    stage.context.signal.throwIfAborted();
    claims.check("the act runs to its end", false, error instanceof Error ? error.message : String(error));
    broken = true;
  }
  return { name: act.name, from, to: stage.now, claims: claims.all, broken };
}

/** Under less load nothing would be proven. */
function checkLoad(stage: Stage, claims: Claims, from: number): void {
  const { sent } = summarise(stage.records, from, stage.now);
  const rate = Math.round(sent / ((stage.now - from) / 1000));
  claims.check("the load is steady: at least 200 requests a second", rate >= 200, `${rate}/s`);
}

/** Stops the engine, also after a failure or Ctrl-C; the folder can go then. */
async function takeDown(context: Context, files: DemoFiles, screen: Screen): Promise<void> {
  screen.show();
  screen.print("\n$ sluice down");
  const { output, code } = await runSluice(context, ["down"], { home: files.home, cwd: files.base });
  screen.print(`  ${output.trimEnd()}`);
  if (code !== 0) throw new AppError("demo", `the engine could not be stopped: ${output.trim()}`);
}
