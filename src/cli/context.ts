import type { Home } from "../engine/home.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";

/** What a command may touch of the world outside; `main/cli.ts` makes the real one. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Read by `-f -`. */
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly clock: Clock;
  readonly random: Random;
  /** Folder with the compiled program (`dist/main`). */
  readonly programs: string;
  /** The Node.js binary that runs us and will run the engine. */
  readonly node: string;
  /** `--home`, else SLUICE_HOME, else ~/.sluice. */
  home(): Home;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
}

export interface Output {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): void;
}
