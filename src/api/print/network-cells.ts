import { isJsonObject, type JsonValue } from "../../lib/json.ts";
import {
  age,
  asText,
  at,
  type Cell,
  firstOf,
  labels,
  listAt,
  name,
  NONE,
  numberOf,
  selector,
  text,
  UNSET,
  valueAt,
} from "./cell.ts";

/** Addresses, ports or hosts beyond these are only counted. */
const MAX_LISTED = 3;

const servicePorts = listAt("spec.ports");
const clusterIPs = listAt("spec.clusterIPs");
const externalIPs = listAt("spec.externalIPs");
const ingressPoints = listAt("status.loadBalancer.ingress");
const serviceType = at("spec.type");
const externalName = at("spec.externalName");

const ports: Cell = (object) =>
  servicePorts(object)
    .map((port) => {
      const nodePort = numberOf(valueAt(port, ["nodePort"]));
      const number = numberOf(valueAt(port, ["port"]));
      const protocol = asText(valueAt(port, ["protocol"]));
      return nodePort > 0 ? `${number}:${nodePort}/${protocol}` : `${number}/${protocol}`;
    })
    .join(",") || NONE;

/** The addresses, else host names, of a load balancer; sorted, each once. */
function loadBalancer(object: unknown): string[] {
  const points = ingressPoints(object).map(
    (point) => asText(valueAt(point, ["ip"])) || asText(valueAt(point, ["hostname"])),
  );
  return [...new Set(points.filter((point) => point !== ""))].sort();
}

const externalIP: Cell = (object) => {
  const addresses = externalIPs(object).map(asText);
  switch (serviceType(object)) {
    case "ClusterIP":
    case "NodePort":
      return addresses.join(",") || NONE;
    case "LoadBalancer":
      return [...loadBalancer(object), ...addresses].join(",") || "<pending>";
    case "ExternalName":
      return asText(externalName(object));
    default:
      return "<unknown>";
  }
};

const clusterIP: Cell = (object) => asText(clusterIPs(object)[0]) || NONE;

export const service: readonly Cell[] = [
  name,
  text("spec.type"),
  clusterIP,
  externalIP,
  ports,
  age,
  labels("spec.selector"),
];

const subsets = listAt("subsets");

const endpointAddresses: Cell = (object) => {
  const found: string[] = [];
  for (const subset of subsets(object)) {
    const addresses = membersOf(subset, "addresses").map((address) => asText(valueAt(address, ["ip"])));
    const numbers = membersOf(subset, "ports").map((port) => asText(valueAt(port, ["port"])));
    if (numbers.length === 0) found.push(...addresses);
    for (const number of numbers) found.push(...addresses.map((address) => joinHostPort(address, number)));
  }
  if (subsets(object).length === 0) return NONE;
  return firstOf(found, MAX_LISTED, ",", "");
};

function membersOf(object: JsonValue, member: string): readonly JsonValue[] {
  const value = valueAt(object, [member]);
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function joinHostPort(host: string, port: string): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

export const endpoints: readonly Cell[] = [name, endpointAddresses, age];

const slicePorts = listAt("ports");
const sliceEndpoints = listAt("endpoints");

const portsOfSlice: Cell = (object) => {
  const shown = slicePorts(object).map((port) => {
    const number = valueAt(port, ["port"]);
    return typeof number === "number" ? String(number) : asText(valueAt(port, ["name"]) ?? "*");
  });
  return firstOf(shown, MAX_LISTED, ",", UNSET);
};

const addressesOfSlice: Cell = (object) => {
  const addresses = sliceEndpoints(object).flatMap((endpoint) => membersOf(endpoint, "addresses").map(asText));
  return firstOf(addresses, MAX_LISTED, ",", UNSET);
};

export const endpointSlice: readonly Cell[] = [name, text("addressType"), portsOfSlice, addressesOfSlice, age];

const rules = listAt("spec.rules");
const tls = listAt("spec.tls");

const hosts: Cell = (object) => {
  const all = rules(object).map((rule) => asText(valueAt(rule, ["host"])));
  const listed: string[] = [];
  for (const host of all) {
    // Rules without a host are not listed, but once the list is full they are counted like the others.
    if (listed.length === MAX_LISTED) return `${listed.join(",")} + ${all.length - MAX_LISTED} more...`;
    if (host !== "") listed.push(host);
  }
  return listed.join(",") || "*";
};

export const ingress: readonly Cell[] = [
  name,
  text("spec.ingressClassName", NONE),
  hosts,
  (object) => loadBalancer(object).join(","),
  (object) => (tls(object).length > 0 ? "80, 443" : "80"),
  age,
];

/** The name, and whether an annotation makes it the default of its kind. */
export function nameWithDefault(...annotations: readonly string[]): Cell {
  return ({ metadata }) =>
    annotations.some((annotation) => metadata.annotations?.[annotation] === "true")
      ? `${metadata.name} (default)`
      : metadata.name;
}

const parameters = at("spec.parameters");

const ingressClassParameters: Cell = (object) => {
  const value = parameters(object);
  if (!isJsonObject(value)) return NONE;
  const group = value["apiGroup"] === undefined ? "" : `.${asText(value["apiGroup"])}`;
  return `${asText(value["kind"])}${group}/${asText(value["name"])}`;
};

export const ingressClass: readonly Cell[] = [
  nameWithDefault("ingressclass.kubernetes.io/is-default-class"),
  text("spec.controller"),
  ingressClassParameters,
  age,
];

export const networkPolicy: readonly Cell[] = [
  name,
  selector("spec.podSelector", { empty: NONE, invalid: "<error>" }),
  age,
];

const parentRef = at("spec.parentRef");

const parent: Cell = (object) => {
  const value = parentRef(object);
  if (!isJsonObject(value)) return NONE;
  const group = asText(value["group"]);
  const resource = asText(value["resource"]);
  const namespace = asText(value["namespace"]);
  const parts = [(group === "" ? resource : `${resource}.${group}`).toLowerCase(), namespace, asText(value["name"])];
  return parts.filter((part, i) => i !== 1 || part !== "").join("/");
};

export const ipAddress: readonly Cell[] = [name, parent, age];

const cidrs = listAt("spec.cidrs");

export const serviceCidr: readonly Cell[] = [name, (object) => cidrs(object).map(asText).join(","), age];
