/**
 * What one mesh worker needs in order to serve, compiled by a pure function from the objects of the API
 * (compile.ts). Immutable, plain JSON: it is swapped as a whole, kept on disk, and compared.
 */
export interface Snapshot {
  /** Newest resourceVersion seen of each watched resource, by plural name. */
  readonly applied: Readonly<Record<string, string>>;
  /** Sorted by address and port. */
  readonly listeners: readonly ListenerSpec[];
  /** Backends by id (`ns/service:port`). */
  readonly backends: Readonly<Record<string, Backend>>;
}

/** An address on which every worker listens (SO_REUSEPORT). Two listeners never share an address and port. */
export interface ListenerSpec {
  readonly address: string;
  readonly port: number;
  /** The frontend: the Service and its port whose routes apply here. */
  readonly service: ServicePortRef;
  readonly protocol: Protocol;
  /** The rules of the routes that are attached. Empty: forward to `fallback`. */
  readonly rules: readonly Rule[];
  /** In order of precedence (Gateway API); the first that matches names the rule that serves. None matches: 404. */
  readonly matches: readonly RankedMatch[];
  /** Backend id of the Service itself, used when no route is attached. */
  readonly fallback: string;
}

export interface ServicePortRef {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** `detect`: HTTP when the first bytes of the client are an HTTP/1 request line, else bytes both ways (protocol.ts). */
export type Protocol = "http" | "tcp" | "detect";

export interface RankedMatch {
  readonly match: Match;
  /** Index into `rules`. */
  readonly rule: number;
}

export interface Rule {
  /** `ns/route/rule`; unnamed rules by their index. */
  readonly id: string;
  readonly filters: readonly Filter[];
  /** Empty, or without any weight: answered with 500. */
  readonly backends: readonly WeightedBackend[];
  /** Milliseconds: `request` from first byte to last, over all attempts; `backend` for one attempt. */
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
  /** Header that names the user, in lower case; absent: Authorization, else Cookie, else the client's address. */
  readonly userHeader?: string;
}

/** All parts that are present must match. Headers: lower-case names. */
export interface Match {
  readonly path?: PathMatch;
  readonly method?: string;
  readonly headers: readonly NamedMatch[];
  readonly query: readonly NamedMatch[];
}

export interface PathMatch {
  readonly type: "Exact" | "PathPrefix" | "RegularExpression";
  readonly value: string;
}

export interface NamedMatch {
  readonly name: string;
  readonly type: "Exact" | "RegularExpression";
  readonly value: string;
}

export type Filter = HeaderFilter | RewriteFilter | RedirectFilter;

export interface HeaderFilter {
  readonly type: "requestHeaders" | "responseHeaders";
  readonly set: Headers;
  readonly add: Headers;
  /** Lower-case names. */
  readonly remove: readonly string[];
}

export interface RewriteFilter {
  readonly type: "rewrite";
  readonly host?: string;
  readonly path?: PathChange;
}

export interface RedirectFilter {
  readonly type: "redirect";
  readonly scheme?: string;
  readonly host?: string;
  readonly port?: number;
  readonly path?: PathChange;
  readonly status: number;
}

export type Headers = readonly { readonly name: string; readonly value: string }[];
/** `prefix`: `value` takes the place of the prefix that matched. */
export type PathChange = { readonly type: "full" | "prefix"; readonly value: string };

export interface WeightedBackend {
  /** Backend id; absent for a reference that cannot be resolved: its share is answered with 500. */
  readonly backend?: string;
  readonly weight: number;
  readonly filters: readonly Filter[];
}

export interface Backend {
  readonly id: string;
  /** Ready endpoints; when there is none, those that are serving while terminating. Sorted by address and port. */
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** `ns/pod`, for logs and metrics. */
  readonly pod?: string;
  /** The pod is going; it is here only because no other endpoint is ready. */
  readonly terminating?: true;
}
