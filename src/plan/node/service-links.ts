import type { Service } from "../../api/generated/core-v1.ts";

/**
 * Variables that tell a program of the Services of its namespace: `SHOP_SERVICE_HOST`, `SHOP_SERVICE_PORT`, and those
 * of Docker's links.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function serviceLinks(services: readonly Service[]): ReadonlyMap<string, string> {
  const env = new Map<string, string>();
  for (const { metadata, spec } of services) {
    const ip = spec.clusterIP;
    if (ip === undefined || ip === "" || ip === "None") continue;
    const prefix = metadata.name.toUpperCase().replaceAll("-", "_");
    env.set(`${prefix}_SERVICE_HOST`, ip);
    for (const [index, { name, port, protocol = "TCP" }] of (spec.ports ?? []).entries()) {
      const scheme = protocol.toLowerCase();
      const link = `${prefix}_PORT_${port}_${protocol}`;
      if (index === 0) {
        env.set(`${prefix}_SERVICE_PORT`, String(port));
        env.set(`${prefix}_PORT`, `${scheme}://${ip}:${port}`);
      }
      if (name) env.set(`${prefix}_SERVICE_PORT_${name.toUpperCase().replaceAll("-", "_")}`, String(port));
      env.set(link, `${scheme}://${ip}:${port}`);
      env.set(`${link}_PROTO`, scheme);
      env.set(`${link}_PORT`, String(port));
      env.set(`${link}_ADDR`, ip);
    }
  }
  return env;
}
