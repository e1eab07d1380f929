import type { Service, ServicePort } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { FieldErrors } from "../../api/validation/field-errors.ts";
import { validateAddresses } from "../../api/validation/service.ts";
import { invalidField } from "../registry/failures.ts";
import type { Claim, KindHooks } from "../registry/kind-hooks.ts";
import { withFamilies } from "./ip-families.ts";
import { type IpPool, PoolRefusal } from "./ip-pool.ts";
import type { PortPool } from "./port-pool.ts";
import {
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePorts,
  withClusterIps,
  withKeptValues,
  withSpec,
} from "./service-fields.ts";

/** What one Service holds of the pools. */
interface Holdings {
  readonly addresses: ReadonlySet<string>;
  readonly ports: ReadonlySet<number>;
}

const NOTHING: Holdings = { addresses: new Set(), ports: new Set() };

/** Gives Services their addresses and node ports, and takes them back. */
export class ServiceHooks implements KindHooks {
  readonly #addresses: IpPool;
  readonly #ports: PortPool;

  /** `existing`: the Services there are, which hold what they hold. */
  constructor(addresses: IpPool, ports: PortPool, existing: readonly KubeObject[]) {
    this.#addresses = addresses;
    this.#ports = ports;
    for (const service of existing) this.#keep(holdingsOf(service as Service));
  }

  /** Kubernetes allocates before it validates: what the pools refuse is told alone, and what they give is validated. */
  prepare(old: KubeObject | undefined, object: KubeObject, dryRun: boolean): KubeObject {
    const before = old as Service | undefined;
    const kept = before ? withKeptValues(object as Service, before) : (object as Service);
    const service = withClusterIps(kept, before);
    if (!hasGoodAddresses(service, before)) return service;
    const complete = withFamilies(service, before);
    const tried = new Taking(this.#addresses, this.#ports, before ? holdingsOf(before) : NOTHING, dryRun);
    try {
      return this.#fill(complete, tried);
    } finally {
      tried.undo();
    }
  }

  claim(old: KubeObject | undefined, object: KubeObject, dryRun: boolean): Claim {
    const held = old ? holdingsOf(old as Service) : NOTHING;
    const taken = new Taking(this.#addresses, this.#ports, held, dryRun);
    let service: Service;
    try {
      service = this.#fill(object as Service, taken);
    } catch (error) {
      taken.undo();
      throw error;
    }
    return {
      // Nothing routes by it, so that Kubernetes never shows it.
      object: service.spec?.type === "ExternalName" ? withSpec(service, {}, "internalTrafficPolicy") : service,
      settle: (written) => {
        if (!written) taken.undo();
        else this.#giveUnheld(held, holdingsOf(service));
      },
    };
  }

  release(last: KubeObject): void {
    this.#giveUnheld(holdingsOf(last as Service), NOTHING);
  }

  #fill(service: Service, taken: Taking): Service {
    const spec = service.spec ?? {};
    let filled = service;
    // An address stays: that it may not change is for validation to say.
    if (needsClusterIp(spec) && spec.clusterIP !== "None" && !taken.hasAddress) {
      const address = taken.address(service, spec.clusterIP || undefined);
      filled = withSpec(filled, { clusterIP: address, clusterIPs: [address] });
    }
    if (needsNodePorts(spec)) filled = withSpec(filled, { ports: portsOf(service, spec.ports ?? [], taken) });
    if (needsHealthCheckPort(spec)) {
      const port = taken.port(service, "spec.healthCheckNodePort", spec.healthCheckNodePort || undefined);
      filled = withSpec(filled, { healthCheckNodePort: port });
    }
    return filled;
  }

  #keep({ addresses, ports }: Holdings): void {
    for (const address of addresses) ignoreRefusal(() => this.#addresses.take(address));
    for (const port of ports) ignoreRefusal(() => this.#ports.take(port));
  }

  #giveUnheld(before: Holdings, after: Holdings): void {
    for (const address of before.addresses) if (!after.addresses.has(address)) this.#addresses.give(address);
    for (const port of before.ports) if (!after.ports.has(port)) this.#ports.give(port);
  }
}

/** What one write takes of the pools, so that it can be undone. */
class Taking {
  readonly #addresses: IpPool;
  readonly #ports: PortPool;
  readonly #held: Holdings;
  /** A rehearsal: as in Kubernetes, node ports outside of the range pass. */
  readonly #dryRun: boolean;
  readonly #takenAddresses: string[] = [];
  readonly #takenPorts: number[] = [];

  constructor(addresses: IpPool, ports: PortPool, held: Holdings, dryRun: boolean) {
    this.#addresses = addresses;
    this.#ports = ports;
    this.#held = held;
    this.#dryRun = dryRun;
  }

  get hasAddress(): boolean {
    return this.#held.addresses.size > 0;
  }

  address(service: Service, wanted: string | undefined): string {
    try {
      const address = wanted ?? this.#addresses.draw();
      if (wanted !== undefined) this.#addresses.take(wanted);
      this.#takenAddresses.push(address);
      return address;
    } catch (error) {
      const prefix = `failed to allocate${wanted === undefined ? "" : ` IP ${wanted}`}: `;
      throw refusal(service, error, "spec.clusterIPs", [wanted ?? ""], prefix);
    }
  }

  port(service: Service, field: string, wanted: number | undefined): number {
    if (wanted !== undefined && this.#held.ports.has(wanted)) return wanted;
    if (wanted !== undefined && this.#dryRun && !this.#ports.contains(wanted)) return wanted;
    try {
      const port = wanted ?? this.#ports.draw();
      if (wanted !== undefined) this.#ports.take(wanted);
      this.#takenPorts.push(port);
      return port;
    } catch (error) {
      throw refusal(service, error, field, wanted ?? 0);
    }
  }

  undo(): void {
    for (const address of this.#takenAddresses) this.#addresses.give(address);
    for (const port of this.#takenPorts) this.#ports.give(port);
  }
}

/** Each port gets a node port; two protocols on one port share it. */
function portsOf(service: Service, ports: readonly ServicePort[], taken: Taking): ServicePort[] {
  const given: ServicePort[] = [];
  for (const [i, port] of ports.entries()) {
    const shared = given.find((other) => sharesNodePort(port, other))?.nodePort;
    const nodePort = shared ?? taken.port(service, `spec.ports[${i}].nodePort`, port.nodePort || undefined);
    given.push({ ...port, nodePort });
  }
  return given;
}

function sharesNodePort(port: ServicePort, other: ServicePort): boolean {
  if (port.protocol === other.protocol) return false;
  return port.nodePort ? port.nodePort === other.nodePort : port.port === other.port;
}

/** Addresses that are none are for validation to refuse. */
function hasGoodAddresses(service: Service, old: Service | undefined): boolean {
  const errors = new FieldErrors();
  validateAddresses(service, old, errors);
  return errors.none;
}

function holdingsOf({ spec }: Service): Holdings {
  const addresses = needsClusterIp(spec) ? (spec.clusterIPs ?? []).filter((address) => address !== "None") : [];
  const ports = [...(spec.ports ?? []).map((port) => port.nodePort), spec.healthCheckNodePort];
  return { addresses: new Set(addresses), ports: new Set(ports.filter((port): port is number => Boolean(port))) };
}

function refusal(service: Service, error: unknown, field: string, value: unknown, prefix = ""): unknown {
  if (!(error instanceof PoolRefusal)) return error;
  return invalidField({ group: "", kind: "Service" }, service.metadata.name, field, value, prefix + error.message);
}

/** Two stored Services may hold one thing only if somebody changed the file; both keep it. */
function ignoreRefusal(take: () => void): void {
  try {
    take();
  } catch (error) {
    if (!(error instanceof PoolRefusal)) throw error;
  }
}
