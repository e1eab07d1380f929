import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineUnderTest } from "./engine-under-test.ts";

/**
 * The service of a user who has read the README and no more: a program of twelve lines, a Dockerfile of three, a Deployment, a Service, a
 * policy with nothing but its target. The program knows nothing of graceful ends.
 */

const SERVER = `const http = require("node:http");
const bad = Number(process.env.BAD ?? 0);
const hangs = Number(process.env.HANGS ?? 0);
http
  .createServer((request, response) => {
    const probe = request.url === "/health";
    if (!probe && Math.random() < hangs) return;
    response.statusCode = !probe && Math.random() < bad ? 500 : 200;
    response.end(probe ? "ok" : process.env.VERSION);
  })
  .listen(Number(process.env.PORT), process.env.HOST);
`;

const dockerfile = (version: string, bad: number, hangs: number): string => `FROM scratch
COPY server.js /app/
ENV VERSION=${version} BAD=${bad} HANGS=${hangs}
CMD ["node", "/app/server.js"]
`;

/** Shares of requests, other than probes, that fail and that are never answered. */
export interface Flaws {
  readonly bad?: number;
  readonly hangs?: number;
}

export interface OwnServiceOptions {
  readonly name: string;
  readonly nodePort: number;
  readonly replicas: number;
}

const manifests = ({ name, nodePort, replicas }: OwnServiceOptions, version: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: ${name}
          image: ${name}:${version}
          ports: [{ containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /health, port: 8080 }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  type: NodePort
  selector: { app: ${name} }
  ports: [{ port: 80, targetPort: 8080, nodePort: ${nodePort} }]
`;

const policy = (name: string): string => `apiVersion: sluice.dev/v1alpha1
kind: ReleasePolicy
metadata: { name: ${name} }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }
`;

export class OwnService implements Disposable {
  readonly name: string;
  readonly url: string;
  readonly #options: OwnServiceOptions;
  readonly #engine: EngineUnderTest;
  readonly #folder: string = mkdtempSync(join(tmpdir(), "sluice-own-"));

  constructor(engine: EngineUnderTest, options: OwnServiceOptions) {
    this.#engine = engine;
    this.#options = options;
    this.name = options.name;
    this.url = `http://127.0.0.1:${options.nodePort}/`;
  }

  async build(version: string, { bad = 0, hangs = 0 }: Flaws = {}): Promise<void> {
    const context = join(this.#folder, version);
    mkdirSync(context);
    writeFileSync(join(context, "server.js"), SERVER);
    writeFileSync(join(context, "Dockerfile"), dockerfile(version, bad, hangs));
    await this.#engine.sluice("image", "build", context, "-t", `${this.name}:${version}`);
  }

  async deploy(version: string): Promise<void> {
    await this.#apply(manifests(this.#options, version));
    await this.#engine.sluice("rollout", "status", `deployment/${this.name}`, "--timeout=60s");
  }

  async govern(): Promise<void> {
    await this.#apply(policy(this.name));
  }

  setImage(version: string): Promise<string> {
    return this.#engine.sluice("set", "image", `deployment/${this.name}`, `${this.name}=${this.name}:${version}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #apply(text: string): Promise<void> {
    const file = join(this.#folder, "manifest.yaml");
    writeFileSync(file, text);
    await this.#engine.sluice("apply", "-f", file);
  }
}
