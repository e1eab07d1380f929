import { readFileSync } from "node:fs";
import { generateLoad } from "../cli/demo/load/generator.ts";
import type { LoadPlan } from "../cli/demo/load/plan.ts";
import { systemClock } from "./system-clock.ts";
import { systemRandom } from "./system-random.ts";

// load-generator.js PLAN LOG: sends the load of the file PLAN until SIGTERM or the end of standard input. A process of its own, so that what it measures
// does not depend on what Sluice or the demo do meanwhile.
const [planFile = "", log = ""] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, "utf8")) as LoadPlan;
const abort = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => abort.abort());
// Whoever started it holds the other end of its standard input: it does not outlive him.
process.stdin.once("end", () => abort.abort()).resume();
await generateLoad(plan, log, systemClock, systemRandom, abort.signal);
process.stdin.destroy();
