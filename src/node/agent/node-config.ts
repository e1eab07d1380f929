import { join } from "node:path";

/** Where this node is and how it is called. */
export interface NodeConfig {
  readonly nodeName: string;
  /** Address of the machine to its pods: 127.0.0.1. */
  readonly hostIP: string;
  /** The engine's home, canonical. */
  readonly home: string;
  /** Our own version, for nodeInfo. */
  readonly version: string;
}

/** Where the logs of a pod are. */
export function podLogDirectory(
  home: string,
  pod: { readonly metadata: { readonly namespace?: string; readonly name: string; readonly uid: string } },
): string {
  const { namespace = "", name, uid } = pod.metadata;
  return join(home, "logs/pods", `${namespace}_${name}_${uid}`);
}

/** The log of one container instance. */
export function containerLogPath(
  home: string,
  pod: Parameters<typeof podLogDirectory>[1],
  container: string,
  instance: number,
): string {
  return join(podLogDirectory(home, pod), container, `${instance}.log`);
}
