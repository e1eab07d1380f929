import { readFileSync } from "node:fs";
import { builtinTypes } from "../api/table/builtin.ts";
import type { TypeTable } from "../api/table/type-table.ts";
import type { Admitter } from "../apiserver/admission/admitter.ts";
import { gate } from "../apiserver/admission/gate.ts";
import { ApiServer } from "../apiserver/api-server.ts";
import { writeKubeconfig } from "../apiserver/pki/kubeconfig.ts";
import { openPki, type Pki } from "../apiserver/pki/home-pki.ts";
import type { Home } from "../engine/home.ts";
import { addressPlan } from "../engine/slice.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Logger } from "../observe/logger.ts";
import { openSqliteStore } from "../store/sqlite-file.ts";

const HTTPS_PORT = 443;

export interface StartOptions {
  readonly home: Home;
  /** S of 127.S.0.0/16. */
  readonly slice: number;
  /** 0: the kernel chooses. */
  readonly port: number;
  readonly nodeName: string;
  /** Our own version. */
  readonly version: string;
  readonly admitters?: readonly Admitter[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface RunningApiServer extends AsyncDisposable {
  readonly server: ApiServer;
  readonly pki: Pki;
  /** Everything that it serves. */
  readonly types: TypeTable;
  /** `https://127.0.0.1:6443` */
  readonly url: string;
}

/**
 * Starts the API server alone on a home that is prepared (src/engine/home.ts): certificates, store, HTTPS, kubeconfig. Fails
 * with the AppErrors of its parts: `pki.unwritable`, `home-in-use`, `store-…`, `port-taken`.
 */
export async function startApiServer(options: StartOptions): Promise<RunningApiServer> {
  const { home, clock, random, log } = options;
  const addresses = addressPlan(options.slice);
  const pki = openPki({
    directory: home.pki,
    serviceAddress: addresses.kubernetes,
    nodeName: options.nodeName,
    now: clock.now(),
  });
  const types = builtinTypes();
  const ephemeral = types.resources.filter((info) => info.ephemeral).map((info) => `${info.group}/${info.plural}`);
  const store = openSqliteStore(home.store, {
    clock,
    log: log.child({ part: "store" }),
    ephemeral: new Set(ephemeral),
  });
  try {
    const server = await ApiServer.start({
      store,
      types,
      pki,
      addresses: { ...addresses, ...(mayListenOn(HTTPS_PORT) && { kubernetesPort: HTTPS_PORT }) },
      admitters: [gate, ...(options.admitters ?? [])],
      clock,
      random,
      log: log.child({ part: "apiserver" }),
      version: options.version,
      port: options.port,
    });
    const url = `https://127.0.0.1:${server.port}`;
    writeKubeconfig(home.kubeconfig, { server: url, ca: pki.ca, client: pki.admin });
    return {
      server,
      pki,
      types,
      url,
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether this user may listen on a port: the kernel keeps the lower ones for root, usually those below 1024. */
function mayListenOn(port: number): boolean {
  if (process.getuid?.() === 0) return true;
  try {
    return port >= Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  } catch {
    return port >= 1024;
  }
}
