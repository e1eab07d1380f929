import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import { isPortFree } from "../../engine/free-port.ts";
import { AppError } from "../../lib/app-error.ts";
import { removeTree } from "../../node/process/remove-tree.ts";

/** Where FTGO's users come in: the NodePorts of its manifests. */
export interface Ports {
  readonly gateway: number;
  readonly restaurants: number;
}

const RESTAURANT = "ftgo-restaurant-service";

/**
 * The demo's own folder, within the checkout or the installed package (else the working directory), with everything that it makes:
 * the engine's home, changed manifests, the load's log. It goes when the demo ends.
 */
export class DemoFiles implements Disposable {
  /** Folder that commands run in; names of files are shown relative to it. */
  readonly base: string;
  readonly folder: string;
  readonly home: string;
  readonly examples: string;

  constructor(packageRoot: string, workingDirectory: string) {
    this.base = isWritable(packageRoot) ? packageRoot : workingDirectory;
    this.examples = join(packageRoot, "examples/ftgo");
    try {
      this.folder = mkdtempSync(join(this.base, ".sluice-demo-"));
    } catch (cause) {
      throw new AppError("demo", `the demo needs a folder that it may write to: ${(cause as Error).message}`, {
        cause,
      });
    }
    this.home = join(this.folder, "home");
  }

  [Symbol.dispose](): void {
    removeTree(this.folder);
  }

  /** As a command that runs in `base` names it. */
  shown(path: string): string {
    return relative(this.base, path) || ".";
  }

  /**
   * The folder of manifests: that of the examples as it is, or when one of its NodePorts is taken on this machine, a copy with other
   * ones.
   */
  async manifests(): Promise<{ readonly folder: string; readonly ports: Ports }> {
    const original = join(this.examples, "manifests");
    const wanted: Ports = { gateway: 30_000, restaurants: 30_084 };
    if ((await isPortFree(wanted.gateway)) && (await isPortFree(wanted.restaurants)))
      return { folder: original, ports: wanted };
    const ports = { gateway: await freeNodePort(30_001), restaurants: await freeNodePort(30_085) };
    const folder = join(this.folder, "manifests");
    mkdirSync(folder);
    for (const name of readdirSync(original)) {
      const text = readFileSync(join(original, name), "utf8")
        .replace(`nodePort: ${wanted.gateway}`, `nodePort: ${ports.gateway}`)
        .replace(`nodePort: ${wanted.restaurants}`, `nodePort: ${ports.restaurants}`);
      writeFileSync(join(folder, name), text);
    }
    return { folder, ports };
  }

  /** A manifest of the restaurant service with another image and one more environment variable, as a person would edit it. */
  fixedManifest(manifests: string, image: string, env: { readonly name: string; readonly value: string }): string {
    const text = readFileSync(join(manifests, `${RESTAURANT}.yaml`), "utf8");
    const documents = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
    const changed = documents.map((manifest) => {
      const [container, ...others] = manifest.spec.template?.spec.containers ?? [];
      if (!container || !manifest.spec.template) return manifest;
      const containers = [{ ...container, image, env: [...(container.env ?? []), env] }, ...others];
      const { template } = manifest.spec;
      return {
        ...manifest,
        spec: { ...manifest.spec, template: { ...template, spec: { ...template.spec, containers } } },
      };
    });
    const path = join(this.folder, `${RESTAURANT}.yaml`);
    writeFileSync(path, changed.map((manifest) => stringify(manifest)).join("---\n"));
    return path;
  }

  /** The example's policy with other values, for a demo that is over in minutes. */
  policy(changes: Readonly<Record<string, unknown>>): string {
    const policy = parse(readFileSync(join(this.examples, "release/policy.yaml"), "utf8")) as Manifest;
    const path = join(this.folder, "policy.yaml");
    writeFileSync(path, stringify({ ...policy, spec: { ...policy.spec, ...changes } }));
    return path;
  }
}

interface Manifest {
  readonly spec: {
    readonly template?: {
      readonly spec: { readonly containers: readonly { readonly env?: readonly unknown[] }[] };
    };
  };
}

async function freeNodePort(first: number): Promise<number> {
  for (let port = first; port < 32_768; port++) if (await isPortFree(port)) return port;
  throw new AppError("demo", "no port between 30000 and 32767 is free on 127.0.0.1");
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
