import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Admitter } from "../../src/apiserver/admission/admitter.ts";
import { homeAt, type Home, prepareHome } from "../../src/engine/home.ts";
import { type RunningApiServer, startApiServer } from "../../src/main/api-server.ts";
import { systemClock } from "../../src/main/system-clock.ts";
import { systemRandom } from "../../src/main/system-random.ts";
import { silentLogger } from "../../src/observe/logger.ts";

export interface EmbeddedApiServer extends AsyncDisposable {
  readonly running: RunningApiServer;
  readonly home: Home;
}

/** The API server alone, on a home of its own that goes with it. */
export async function embeddedApiServer(
  options: { readonly admitters?: readonly Admitter[] } = {},
): Promise<EmbeddedApiServer> {
  const directory = mkdtempSync(join(tmpdir(), "sluice-apiserver-"));
  const home = homeAt(directory);
  prepareHome(home);
  const running = await startApiServer({
    home,
    slice: 127,
    port: 0,
    nodeName: "test",
    version: "0.0.0",
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    ...options,
  });
  return {
    running,
    home,
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
