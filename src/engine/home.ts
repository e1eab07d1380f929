import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError } from "../lib/app-error.ts";

/** Where an engine keeps everything: one directory, mode 0700, nothing outside it. */
export interface Home {
  readonly root: string;
  readonly config: string;
  readonly kubeconfig: string;
  readonly store: string;
  readonly pki: string;
  readonly images: string;
  readonly pods: string;
  readonly volumes: string;
  readonly logs: string;
  readonly mesh: string;
  /** V8's compile cache; may be deleted at any time. */
  readonly compiled: string;
  /** Pid files, states, sockets: what is only true while processes run. */
  readonly run: string;
  /** Held by whoever starts or stops the engine. */
  readonly lock: string;
}

export function homeAt(root: string): Home {
  const at = (name: string): string => join(resolve(root), name);
  return {
    root: resolve(root),
    config: at("engine.json"),
    kubeconfig: at("kubeconfig"),
    store: at("store.db"),
    pki: at("pki"),
    images: at("images"),
    pods: at("pods"),
    volumes: at("volumes"),
    logs: at("logs"),
    mesh: at("mesh"),
    compiled: at("compiled"),
    run: at("run"),
    lock: at("run/lock"),
  };
}

/** Creates the home and the folders that every process expects; fails with `home-unusable` when it cannot be written. */
export function prepareHome(home: Home): void {
  try {
    makeRoot(home.root);
    if ((statSync(home.root).mode & 0o077) !== 0) chmodSync(home.root, 0o700);
    for (const folder of [home.run, home.logs, home.mesh]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new AppError("home-unusable", `${home.root} cannot be used as home: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function makeRoot(root: string): void {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Of a read-only file system this says ENOENT; without `recursive` it says what is wrong.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") mkdirSync(root, { mode: 0o700 });
    throw error;
  }
}
