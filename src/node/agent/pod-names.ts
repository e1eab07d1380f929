import type { Pod, PodDNSConfig } from "../../api/generated/core-v1.ts";

const MAX_HOSTNAME = 63;

/** What `hostname` says in the pod. */
export function hostnameOf({ metadata, spec }: Pod): string {
  return (spec.hostname || metadata.name).slice(0, MAX_HOSTNAME).replace(/[-.]+$/, "");
}

/** The pod's /etc/resolv.conf; undefined: the machine's own is right. */
export function resolvConfOf({ spec }: Pod, machine: string): string | undefined {
  const { dnsPolicy, dnsConfig } = spec;
  if (!dnsConfig && dnsPolicy !== "None") return undefined;
  const lines =
    dnsPolicy === "None" ? [] : machine.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return `${[...lines, ...linesOf(dnsConfig ?? {})].join("\n")}\n`;
}

function linesOf({ nameservers = [], searches = [], options = [] }: PodDNSConfig): readonly string[] {
  const lines = nameservers.map((server) => `nameserver ${server}`);
  if (searches.length > 0) lines.push(`search ${searches.join(" ")}`);
  const words = options.map(({ name = "", value }) => (value ? `${name}:${value}` : name));
  if (words.length > 0) lines.push(`options ${words.join(" ")}`);
  return lines;
}
