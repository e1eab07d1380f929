import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { AppError } from "../lib/app-error.ts";
import type { Endpoint } from "./transport.ts";

/** One context of a kubeconfig, with everything that it points to read. */
export interface KubeconfigContext {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly namespace: string;
}

/**
 * The context `context` (default: the current one) of the kubeconfig at `path`. Fails with AppError `kubeconfig` when the file cannot be
 * read, lacks what the context names, or asks for a way to log in that is not supported (exec plugins, auth providers, passwords).
 * https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
export async function readKubeconfig(path: string, context?: string): Promise<KubeconfigContext> {
  const config = await parse(path);
  const name = context ?? stringOf(config["current-context"]);
  if (!name) throw invalid(path, "no context is chosen: current-context is not set");
  const chosen = entry(config, "contexts", name, "context", path);
  const clusterName = stringOf(chosen["cluster"]) ?? "";
  const userName = stringOf(chosen["user"]) ?? "";
  const cluster = entry(config, "clusters", clusterName, "cluster", path);
  const user = userName === "" ? {} : entry(config, "users", userName, "user", path);
  for (const unsupported of ["exec", "auth-provider", "username"]) {
    if (user[unsupported] === undefined) continue;
    throw invalid(path, `user "${userName}" logs in by ${unsupported}, which is not supported`);
  }
  const [server, identity] = await Promise.all([serverOf(cluster, path), identityOf(user, dirname(path))]);
  return { name, namespace: stringOf(chosen["namespace"]) ?? "default", endpoint: { ...server, ...identity } };
}

async function serverOf(cluster: Fields, path: string): Promise<Endpoint> {
  const url = stringOf(cluster["server"]);
  if (!url) throw invalid(path, "the cluster has no server");
  const ca = await pem(cluster, "certificate-authority", dirname(path));
  const serverName = stringOf(cluster["tls-server-name"]);
  const insecure = cluster["insecure-skip-tls-verify"] === true;
  return { url, ...(ca && { ca }), ...(serverName && { serverName }), ...(insecure && { insecure }) };
}

async function identityOf(user: Fields, base: string): Promise<Pick<Endpoint, "certificate" | "key" | "token">> {
  const certificate = await pem(user, "client-certificate", base);
  const key = await pem(user, "client-key", base);
  const token = await tokenOf(user, base);
  return { ...(certificate && { certificate }), ...(key && { key }), ...(token && { token }) };
}

type Fields = Readonly<Record<string, unknown>>;

async function parse(path: string): Promise<Fields> {
  try {
    const text = await readFile(path, "utf8");
    const config = fromJson(text) ?? (await fromYaml(text));
    if (isFields(config)) return config;
  } catch (cause) {
    throw new AppError("kubeconfig", `cannot read the kubeconfig ${path}: ${(cause as Error).message}`, { cause });
  }
  throw invalid(path, "it is not a mapping");
}

/** YAML in the form of JSON needs no YAML parser, which a mesh worker can do without. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function fromYaml(text: string): Promise<unknown> {
  const { parse: parseYaml } = await import("yaml");
  return parseYaml(text);
}

/** The named entry of one of the three lists: `contexts[name].context`. */
function entry(config: Fields, list: string, name: string, field: string, path: string): Fields {
  const entries = config[list];
  const found: unknown = Array.isArray(entries)
    ? entries.find((each: unknown) => isFields(each) && each["name"] === name)
    : undefined;
  const value = isFields(found) ? found[field] : undefined;
  if (!isFields(value)) throw invalid(path, `${field} "${name}" does not exist`);
  return value;
}

/** Data in the file itself wins over the name of a file, which is relative to the kubeconfig. */
async function pem(fields: Fields, name: string, base: string): Promise<string | undefined> {
  const data = stringOf(fields[`${name}-data`]);
  if (data) return Buffer.from(data, "base64").toString("utf8");
  return contentOf(stringOf(fields[name]), base);
}

async function tokenOf(user: Fields, base: string): Promise<string | undefined> {
  const file = stringOf(user["tokenFile"]);
  return file ? (await contentOf(file, base))?.trim() : stringOf(user["token"]);
}

async function contentOf(file: string | undefined, base: string): Promise<string | undefined> {
  if (!file) return undefined;
  try {
    return await readFile(resolve(base, file), "utf8");
  } catch (cause) {
    throw new AppError("kubeconfig", `cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(path: string, why: string): AppError {
  return new AppError("kubeconfig", `the kubeconfig ${path} is not usable: ${why}`);
}
