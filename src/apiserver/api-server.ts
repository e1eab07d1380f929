import type { TypeTable } from "../api/table/type-table.ts";
import type { ApiClient } from "../client/api-client.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Logger } from "../observe/logger.ts";
import type { Store } from "../store/store.ts";
import type { Admitter } from "./admission/admitter.ts";
import { defaultTolerationSeconds } from "./admission/default-tolerations.ts";
import { defaultStorageClass } from "./admission/default-storage-class.ts";
import { endpointAddresses } from "./admission/endpoint-addresses.ts";
import { namespaceLifecycle } from "./admission/namespace-lifecycle.ts";
import { nodeTaint } from "./admission/node-taint.ts";
import { priority } from "./admission/priority.ts";
import { roleEscalation } from "./admission/role-escalation.ts";
import { runtimeClass } from "./admission/runtime-class.ts";
import { storageProtection } from "./admission/storage-protection.ts";
import { serviceAccountAdmission } from "./admission/service-account.ts";
import { Authenticator } from "./auth/authenticator.ts";
import { Authorizer } from "./auth/authorizer.ts";
import { impersonatedUser } from "./auth/impersonation.ts";
import { reviews } from "./auth/reviews.ts";
import { ServiceAccountTokens } from "./auth/service-account-token.ts";
import { storedPolicy } from "./auth/stored-policy.ts";
import { API_SERVER } from "./auth/engine-users.ts";
import type { User } from "./auth/user.ts";
import { bootstrap } from "./bootstrap.ts";
import { KUBERNETES_VERSION, versionInfo } from "./discovery/version.ts";
import { ObjectJson } from "./encoding/object-json.ts";
import { EventExpiry } from "./event-expiry.ts";
import type { Exchange } from "./http/exchange.ts";
import { Health } from "./http/health.ts";
import { IssuerPaths } from "./http/issuer-paths.ts";
import { OpenApiPaths } from "./http/openapi-paths.ts";
import { PlainPaths } from "./http/plain-paths.ts";
import { Presenter } from "./http/presenter.ts";
import { RequestRouter } from "./http/request-router.ts";
import { ResourceHandler } from "./http/resource-handler.ts";
import { ApiHttpServer } from "./http/server.ts";
import { specialHandlers } from "./http/special-handlers.ts";
import { ChangeEncoder, type WatchStream } from "./http/watch-response.ts";
import { InProcessClient } from "./in-process-client.ts";
import type { Pki } from "./pki/home-pki.ts";
import { type Action, actions } from "./subresources/actions.ts";
import { Registry } from "./registry/registry.ts";
import { IpPool } from "./services/ip-pool.ts";
import { PortPool } from "./services/port-pool.ts";
import { ServiceHooks } from "./services/service-hooks.ts";

export interface ApiServerOptions {
  readonly store: Store;
  readonly types: TypeTable;
  readonly pki: Pki;
  readonly addresses: ServiceAddresses;
  /** Rules of admission behind the API server's own. */
  readonly admitters: readonly Admitter[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Our own version. */
  readonly version: string;
  /** 0: the kernel chooses. */
  readonly port: number;
}

export interface ServiceAddresses {
  /** The range of Service addresses: `127.64.0.0/17`. */
  readonly serviceCidr: string;
  /** The range of pod addresses: `127.64.128.0/17`. */
  readonly podCidr: string;
  /** Address of the Service `kubernetes`. */
  readonly kubernetes: string;
  /** Its port; absent: the one at which the API server listens. */
  readonly kubernetesPort?: number;
}

/** Answers that go on until somebody ends them. */
interface OpenStreams {
  readonly watches: Set<WatchStream>;
  readonly logs: Set<AbortController>;
}

const NODE_PORTS = [30_000, 32_767] as const;

/** The API server: the registry with all its rules, served over HTTPS and to clients in this process. */
export class ApiServer implements AsyncDisposable {
  readonly registry: Registry;
  readonly #types: TypeTable;
  readonly #clock: Clock;
  readonly #actions: ReadonlyMap<string, Action>;
  readonly #server: ApiHttpServer;
  readonly #expiry: EventExpiry;

  /** Starts to listen and puts the objects into place that are always there. */
  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const server = new ApiServer(options);
    await server.#server.listen(options.port);
    const { kubernetes: address, kubernetesPort: servicePort = server.port } = options.addresses;
    const client = server.client(API_SERVER, "kube-apiserver");
    await bootstrap(client, { address, servicePort, port: server.port });
    return server;
  }

  private constructor(options: ApiServerOptions) {
    const { store, types, clock, random, log, pki } = options;
    this.#types = types;
    this.#clock = clock;
    const { serviceCidr } = options.addresses;
    const services = new ServiceHooks(
      new IpPool(serviceCidr, random),
      new PortPool(...NODE_PORTS, random),
      store.list("/services"),
    );
    this.registry = new Registry({
      store,
      types,
      clock,
      random,
      admitters: [
        namespaceLifecycle,
        serviceAccountAdmission(random),
        nodeTaint,
        priority,
        defaultTolerationSeconds,
        defaultStorageClass,
        storageProtection,
        runtimeClass,
        endpointAddresses(options.addresses.podCidr),
        roleEscalation,
        ...options.admitters,
      ],
      hooks: new Map([["/services", services]]),
    });
    const { view } = this.registry;
    const tokens = new ServiceAccountTokens({
      key: pki.serviceAccountKey,
      clock,
      random,
      uidOf: (kind, namespace, name) => view.get(`/${kind.toLowerCase()}s`, name, namespace)?.metadata.uid,
    });
    this.#actions = actions(this.registry, types, tokens, clock, random);
    this.#expiry = new EventExpiry(store, clock, log);
    const open: OpenStreams = { watches: new Set(), logs: new Set() };
    const authenticator = new Authenticator(pki.adminToken, tokens);
    const authorizer = new Authorizer(storedPolicy(view));
    const router = this.#router(options, authorizer, { authenticator, tokens }, open);
    this.#server = new ApiHttpServer({
      identity: pki.server,
      ca: pki.ca,
      clock,
      log,
      serve: async (exchange, certificate) => {
        const user = actingUser(exchange, certificate, authenticator, authorizer);
        await router.serve(exchange, user);
      },
      endStreams: () => {
        for (const watch of open.watches) watch.end();
        for (const log of open.logs) log.abort();
      },
    });
  }

  /** The port on 127.0.0.1 at which it answers. */
  get port(): number {
    return this.#server.port;
  }

  /** A client in this process, without HTTP and JSON, that acts as `user`. */
  client(user: User, fieldManager: string = user.username): ApiClient {
    const deps = { registry: this.registry, types: this.#types, actions: this.#actions, clock: this.#clock };
    return new InProcessClient(deps, user, fieldManager);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#expiry[Symbol.dispose]();
    return this.#server[Symbol.asyncDispose]();
  }

  #router(
    { types, clock, random, version, pki }: ApiServerOptions,
    authorizer: Authorizer,
    { authenticator, tokens }: { readonly authenticator: Authenticator; readonly tokens: ServiceAccountTokens },
    open: OpenStreams,
  ): RequestRouter {
    const serverAddress = (): string => `127.0.0.1:${this.port}`;
    const json = new ObjectJson();
    const presenter = new Presenter(json, clock);
    const encoder = new ChangeEncoder(json, clock);
    const resources = new ResourceHandler({
      registry: this.registry,
      types,
      presenter,
      encoder,
      clock,
      random,
      watches: open.watches,
    });
    const plain = new PlainPaths({
      types,
      version: versionInfo(version),
      health: new Health({ healthz: {}, livez: {}, readyz: {} }),
      openApi: new OpenApiPaths(types, KUBERNETES_VERSION),
      issuer: new IssuerPaths(tokens, serverAddress),
      serverAddress,
    });
    const special = specialHandlers({
      registry: this.registry,
      types,
      presenter,
      resources,
      reviews: reviews(authorizer, authenticator, clock),
      actions: this.#actions,
      kubeletClient: pki.kubeletClient,
      streams: open.logs,
    });
    return new RequestRouter({ types, authorizer, resources, plain, special });
  }
}

/** The user that a request proves, or the one as whom that user may and wants to act. */
function actingUser(
  exchange: Exchange,
  certificate: User | "bad" | undefined,
  authenticator: Authenticator,
  authorizer: Authorizer,
): User {
  const authorization = exchange.header("authorization");
  const user = authenticator.authenticate({
    ...(certificate && { certificate }),
    ...(authorization !== undefined && { authorization }),
  });
  const acting = impersonatedUser(exchange.headers);
  if (!acting) return user;
  authorizer.authorizeImpersonation(user, acting);
  return acting;
}
