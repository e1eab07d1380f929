import { benchEngine } from "./engine.ts";
import { benchProxy } from "./proxy.ts";
import { benchStore, type Report } from "./store.ts";
import { benchApiServer } from "./apiserver.ts";

// npm run bench [-- NAME…]: measures side by side with a peer where there is one. Compare ratios: machines differ.
const benches: Readonly<Record<string, (report: Report) => Promise<void>>> = {
  store: benchStore,
  apiserver: benchApiServer,
  proxy: benchProxy,
  engine: benchEngine,
};
const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(benches)) {
  const bench = benches[name];
  if (!bench) throw new Error(`there is no bench ${name}; there are ${Object.keys(benches).join(", ")}`);
  await bench((what, value, unit) =>
    console.log(`${what.padEnd(60)} ${value.toFixed(value < 10 ? 2 : 0).padStart(9)} ${unit}`),
  );
}
