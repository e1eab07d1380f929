/**
 * What one mesh worker needs in order to serve, compiled by a pure function from the objects of the API
 * (compile.ts). Immutable, plain JSON: it is swapped as a whole, kept on disk, and compared.
 */
export interface Snapshot {
  /** Newest resourceVersion seen of each watched resource, by plural name. */
  readonly applied: Readonly<Record<string, string>>;
  readonly listeners: readonly ListenerSpec[];
  /** Backends by id (`ns/service:port`). */
  readonly backends: Readonly<Record<string, Backend>>;
}

/** An address on which every worker listens (SO_REUSEPORT). Two listeners never share an address and port. */
export interface ListenerSpec {
  readonly address: string;
  readonly port: number;
  /** The frontend: the Service and its port whose routes apply here. */
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number };
  readonly protocol: "http" | "tcp";
  /** In order of precedence (Gateway API); the first that matches serves. None matches: 404. Empty: forward to `fallback`. */
  readonly rules: readonly Rule[];
  /** Backend id of the Service itself, used when no route is attached. */
  readonly fallback: string;
}

export interface Rule {
  /** `ns/route/rule`; unnamed rules by their index. */
  readonly id: string;
  readonly matches: readonly Match[];
  readonly filters: readonly Filter[];
  readonly backends: readonly WeightedBackend[];
  readonly timeouts?: { readonly request?: number; readonly backend?: number };
  /** Present on the rule that a release owns. */
  readonly release?: ReleaseRule;
}

/** A rule whose weights a release moves (DESIGN §4.6: the draw, the trip, retry on stable). */
export interface ReleaseRule {
  /** Counts and trips belong to a session; opaque to the mesh. Absent between releases: nothing is counted. */
  readonly session?: string;
  /** Backend ids. `new` is the version whose failures are watched. */
  readonly stable: string;
  readonly new: string;
  readonly retryOnStable: boolean;
  /** Header that names the user; absent: Authorization, else Cookie, else the client's address. */
  readonly userHeader?: string;
}

/** All parts that are present must match. Headers: lower-case names. */
export interface Match {
  readonly path?: { readonly type: "Exact" | "PathPrefix" | "RegularExpression"; readonly value: string };
  readonly method?: string;
  readonly headers: readonly NamedMatch[];
  readonly query: readonly NamedMatch[];
}

export interface NamedMatch {
  readonly name: string;
  readonly type: "Exact" | "RegularExpression";
  readonly value: string;
}

export type Filter =
  | {
      readonly type: "requestHeaders" | "responseHeaders";
      readonly set: Headers;
      readonly add: Headers;
      readonly remove: readonly string[];
    }
  | { readonly type: "rewrite"; readonly host?: string; readonly path?: PathChange }
  | {
      readonly type: "redirect";
      readonly scheme?: string;
      readonly host?: string;
      readonly port?: number;
      readonly path?: PathChange;
      readonly status: number;
    };

export type Headers = readonly { readonly name: string; readonly value: string }[];
export type PathChange = { readonly type: "full" | "prefix"; readonly value: string };

export interface WeightedBackend {
  /** Backend id; absent for a reference that cannot be resolved: its share is answered with 500. */
  readonly backend?: string;
  readonly weight: number;
  readonly filters: readonly Filter[];
}

export interface Backend {
  readonly id: string;
  /** Ready endpoints first; when there is none, those that are serving while terminating. */
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** `ns/pod`, for logs and metrics. */
  readonly pod?: string;
}
