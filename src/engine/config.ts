import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { AppError } from "../lib/app-error.ts";
import type { Home } from "./home.ts";

/** What an engine decides once and keeps: HOME/engine.json. */
export interface EngineConfig {
  readonly version: 1;
  /** S of 127.S.0.0/16: the engine's own addresses (docs/architecture.md, Addresses). */
  readonly slice: number;
  /** Ports on 127.0.0.1. */
  readonly apiPort: number;
  readonly kubeletPort: number;
  /** Parts that are left out. */
  readonly without: readonly "node"[];
}

/** Undefined when the engine has never run; fails with `config-unreadable` rather than start from nothing. */
export function readConfig(home: Home): EngineConfig | undefined {
  let text: string;
  try {
    text = readFileSync(home.config, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new AppError("config-unreadable", `${home.config} cannot be read: ${(error as Error).message}`);
  }
  const config = parse(text);
  if (!config)
    throw new AppError("config-unreadable", `${home.config} is not a configuration of this version of Sluice`);
  return config;
}

export function writeConfig(home: Home, config: EngineConfig): void {
  writeFileSync(`${home.config}.new`, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${home.config}.new`, home.config);
}

/** Of an engine that could not be started with it. */
export function forgetConfig(home: Home): void {
  rmSync(home.config, { force: true });
}

function parse(text: string): EngineConfig | undefined {
  const within = (value: unknown, low: number, high: number): boolean =>
    Number.isInteger(value) && Number(value) >= low && Number(value) <= high;
  try {
    const config = JSON.parse(text) as EngineConfig;
    const sound =
      config.version === 1 &&
      within(config.slice, 64, 127) &&
      within(config.apiPort, 1, 65535) &&
      within(config.kubeletPort, 1, 65535) &&
      Array.isArray(config.without) &&
      config.without.every((part) => part === "node");
    return sound ? config : undefined;
  } catch {
    return undefined;
  }
}
