import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Service } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { compile } from "./compile.ts";
import type { RoutingView } from "./view.ts";

type Endpoints = NonNullable<EndpointSlice["endpoints"]>;
type Rules = NonNullable<HTTPRoute["spec"]["rules"]>;
type Parents = NonNullable<HTTPRoute["spec"]["parentRefs"]>;

const meta = (name: string, more: object = {}) => ({
  namespace: "shop",
  name,
  uid: `uid-${name}`,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
  ...more,
});

const service = (name: string, spec: Partial<Service["spec"]> = {}): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: meta(name),
  spec: { clusterIP: `127.70.0.${name.length}`, type: "ClusterIP", ports: [{ name: "http", port: 80 }], ...spec },
});

const slice = (
  of: string,
  endpoints: Endpoints,
  name = `${of}-1`,
  more: Partial<EndpointSlice> = {},
): EndpointSlice => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: meta(name, { labels: { "kubernetes.io/service-name": of } }),
  addressType: "IPv4",
  ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  endpoints,
  ...more,
});

const at = (address: string, conditions: object = { ready: true }): Endpoints[number] => ({
  addresses: [address],
  conditions,
  targetRef: { kind: "Pod", namespace: "shop", name: `pod-${address}` },
});

const parent = (name: string, more: object = {}): Parents[number] => ({ group: "", kind: "Service", name, ...more });

const route = (name: string, rules: Rules, parents: Parents = [parent("web")], more: object = {}): HTTPRoute => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: meta(name, { generation: 3, ...more }),
  spec: { parentRefs: parents, rules },
});

const policy = (name: string, spec: Partial<ReleasePolicy["spec"]> = {}): ReleasePolicy => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "ReleasePolicy",
  metadata: meta(name),
  spec: { targetRef: { name: "web" }, ...spec },
});

const base: RoutingView = { services: [service("web")], slices: [], routes: [], policies: [], versions: {} };
const to = (name: string, weight?: number, port = 80) => ({ name, port, ...(weight !== undefined && { weight }) });

const endpointsOf = (view: RoutingView, id = "shop/web:80") =>
  compile(view).snapshot.backends[id]?.endpoints.map((e) => `${e.address}:${e.port}`);

describe("endpoints", () => {
  const cases: readonly [string, readonly EndpointSlice[], readonly string[]][] = [
    ["none without a slice", [], []],
    ["ready ones, sorted", [slice("web", [at("10.0.0.2"), at("10.0.0.1")])], ["10.0.0.1:8080", "10.0.0.2:8080"]],
    ["absent conditions mean ready", [slice("web", [{ addresses: ["10.0.0.1"] }])], ["10.0.0.1:8080"]],
    ["not those that are not ready", [slice("web", [at("10.0.0.1", { ready: false, serving: false })])], []],
    [
      "not those that terminate while another is ready",
      [slice("web", [at("10.0.0.1", { ready: false, serving: true, terminating: true }), at("10.0.0.2")])],
      ["10.0.0.2:8080"],
    ],
    [
      "those that serve while terminating when none is ready",
      [slice("web", [at("10.0.0.1", { ready: false, serving: true, terminating: true })])],
      ["10.0.0.1:8080"],
    ],
    [
      "not those that terminate and do not serve",
      [slice("web", [at("10.0.0.1", { ready: false, serving: false, terminating: true })])],
      [],
    ],
    [
      "of all slices of the Service, each once",
      [slice("web", [at("10.0.0.1")]), slice("web", [at("10.0.0.1"), at("10.0.0.3")], "web-2")],
      ["10.0.0.1:8080", "10.0.0.3:8080"],
    ],
    ["not of other Services", [slice("other", [at("10.0.0.1")])], []],
    [
      "only ports of the same name",
      [slice("web", [at("10.0.0.1")], "web-1", { ports: [{ name: "admin", port: 9 }] })],
      [],
    ],
    ["not names", [slice("web", [at("a.example")], "web-1", { addressType: "FQDN" })], []],
    ["IPv6 when there is no IPv4", [slice("web", [at("::1")], "web-1", { addressType: "IPv6" })], ["::1:8080"]],
    [
      "IPv4 before IPv6",
      [slice("web", [at("::1")], "web-6", { addressType: "IPv6" }), slice("web", [at("10.0.0.1")])],
      ["10.0.0.1:8080"],
    ],
  ];
  test.each(cases)("%s", (_, slices, want) => expect(endpointsOf({ ...base, slices })).toEqual(want));

  test("an address that already belongs to a new pod has the first pod's name, whatever the order", () => {
    const old = slice("web", [{ addresses: ["10.0.0.1"], targetRef: { kind: "Pod", namespace: "shop", name: "b" } }]);
    const young = slice(
      "web",
      [{ addresses: ["10.0.0.1"], targetRef: { kind: "Pod", namespace: "shop", name: "a" } }],
      "web-2",
    );
    for (const slices of [
      [old, young],
      [young, old],
    ])
      expect(compile({ ...base, slices }).snapshot.backends["shop/web:80"]?.endpoints).toEqual([
        { address: "10.0.0.1", port: 8080, pod: "shop/a" },
      ]);
  });
});

describe("a port that has just got another name", () => {
  const labels = {
    "kubernetes.io/service-name": "web",
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
  };
  const old = (change: Partial<EndpointSlice> = {}) =>
    slice("web", [at("10.0.0.1")], "web-1", {
      metadata: meta("web-1", { labels }),
      ports: [{ name: "", port: 8080, protocol: "TCP" }],
      ...change,
    });
  const unnamed = { port: 80, targetPort: 8080 };
  const http = { ...unnamed, name: "http" };
  const admin = { name: "admin", port: 90, targetPort: 9090 };
  const cases: readonly [string, NonNullable<Service["spec"]["ports"]>, EndpointSlice, readonly number[]][] = [
    ["keeps its endpoints", [http], old(), [1]],
    ["a second port, which made a name necessary, has none yet", [http, admin], old(), [1, 0]],
    ["a slice of somebody else means what it says", [http], old({ metadata: slice("web", []).metadata }), [0]],
    ["a name that a port of the Service has is that port's", [unnamed, { ...http, port: 81 }], old(), [1, 0]],
    ["another number is another port", [{ ...http, targetPort: 8081 }], old(), [0]],
    ["so is another protocol", [http], old({ ports: [{ name: "", port: 8080, protocol: "UDP" }] }), [0]],
  ];
  test.each(cases)("%s", (_, ports, given, expected) => {
    const { backends } = compile({ ...base, services: [service("web", { ports })], slices: [given] }).snapshot;
    expect(ports.map(({ port }) => backends[`shop/web:${port}`]?.endpoints.length)).toEqual(expected);
  });
});

describe("listeners", () => {
  const listening = (services: readonly Service[], routes: readonly HTTPRoute[] = []) =>
    compile({ ...base, services, routes }).snapshot.listeners.map((l) => `${l.address}:${l.port} ${l.protocol}`);
  const port = (more: object) => ({ ports: [{ port: 80, ...more }] });
  const cases: readonly [string, Partial<Service["spec"]>, readonly string[]][] = [
    ["the cluster IP", {}, ["127.70.0.3:80 http"]],
    ["not headless Services", { clusterIP: "None" }, []],
    ["not Services without an address yet", { clusterIP: "" }, []],
    ["not ExternalName", { type: "ExternalName", externalName: "a.example" }, []],
    [
      "NodePorts on 127.0.0.1",
      { type: "NodePort", ports: [{ name: "http", port: 80, nodePort: 30080 }] },
      ["127.0.0.1:30080 http", "127.70.0.3:80 http"],
    ],
    [
      "a ClusterIP Service has no NodePort",
      { ports: [{ name: "http", port: 80, nodePort: 30080 }] },
      ["127.70.0.3:80 http"],
    ],
    ["not UDP", port({ protocol: "UDP" }), []],
    ["unnamed: look at the first bytes", port({}), ["127.70.0.3:80 detect"]],
    ["an unknown name: look at the first bytes", port({ name: "web" }), ["127.70.0.3:80 detect"]],
    ["http-web is HTTP", port({ name: "http-web" }), ["127.70.0.3:80 http"]],
    ["http2 is carried as bytes", port({ name: "http2" }), ["127.70.0.3:80 tcp"]],
    ["https is carried as bytes", port({ name: "https" }), ["127.70.0.3:80 tcp"]],
    ["appProtocol before the name", port({ name: "tcp", appProtocol: "http" }), ["127.70.0.3:80 http"]],
    [
      "an appProtocol of somebody's own is carried as bytes",
      port({ name: "http", appProtocol: "example.com/x" }),
      ["127.70.0.3:80 tcp"],
    ],
    ["constructor is no protocol", port({ name: "constructor" }), ["127.70.0.3:80 detect"]],
    ["a port where the server speaks first", { ports: [{ port: 5432 }] }, ["127.70.0.3:5432 tcp"]],
  ];
  test.each(cases)("%s", (_, spec, want) => expect(listening([service("web", spec)])).toEqual(want));

  test("an HTTPRoute makes an undeclared port HTTP", () =>
    expect(listening([service("web", port({ name: "web" }))], [route("r", [{ backendRefs: [to("web")] }])])).toEqual([
      "127.70.0.3:80 http",
    ]));
});

describe("routes", () => {
  const compiled = (rules: Rules, view: Partial<RoutingView> = {}) =>
    compile({ ...base, services: [service("web"), service("web-v2")], routes: [route("r", rules)], ...view });
  const rule = (rules: Rules) => compiled(rules).snapshot.listeners[0]?.rules[0];

  test("no route: no rules, and the Service itself", () => {
    const listener = compile(base).snapshot.listeners[0];
    expect([listener?.rules, listener?.matches, listener?.fallback]).toEqual([[], [], "shop/web:80"]);
  });

  test("weights default to 1, names of rules to their index", () =>
    expect(rule([{ backendRefs: [to("web"), to("web-v2", 3)] }])).toEqual({
      id: "shop/r/0",
      filters: [],
      backends: [
        { backend: "shop/web:80", weight: 1, filters: [] },
        { backend: "shop/web-v2:80", weight: 3, filters: [] },
      ],
    }));

  test("filters of rules and of backends, timeouts", () => {
    const filters: Rules[number]["filters"] = [
      { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "X-A", value: "1" }], remove: ["X-B"] } },
      {
        type: "URLRewrite",
        urlRewrite: { hostname: "h", path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/v2" } },
      },
    ];
    const redirect: Rules[number]["filters"] = [
      { type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } },
    ];
    expect(
      rule([
        {
          filters,
          timeouts: { request: "1m30s", backendRequest: "500ms" },
          backendRefs: [{ ...to("web"), filters: redirect }],
        },
      ]),
    ).toMatchObject({
      filters: [
        { type: "requestHeaders", set: [{ name: "X-A", value: "1" }], add: [], remove: ["x-b"] },
        { type: "rewrite", host: "h", path: { type: "prefix", value: "/v2" } },
      ],
      timeouts: { request: 90_000, backend: 500 },
      backends: [{ filters: [{ type: "redirect", scheme: "https", status: 301 }] }],
    });
  });

  test("0s is no timeout", () => expect(rule([{ timeouts: { request: "0s" } }])?.timeouts).toBeUndefined());

  const order: readonly [
    string,
    NonNullable<Rules[number]["matches"]>[number],
    NonNullable<Rules[number]["matches"]>[number],
  ][] = [
    [
      "an exact path before a longer prefix",
      { path: { type: "Exact", value: "/a" } },
      { path: { type: "PathPrefix", value: "/a/b/c" } },
    ],
    [
      "an expression before a prefix",
      { path: { type: "RegularExpression", value: "/a" } },
      { path: { type: "PathPrefix", value: "/a/b/c" } },
    ],
    [
      "the longer prefix",
      { path: { type: "PathPrefix", value: "/a/b" } },
      { path: { type: "PathPrefix", value: "/a" }, method: "GET" },
    ],
    [
      "a method",
      { method: "GET" },
      {
        headers: [
          { name: "a", value: "1" },
          { name: "b", value: "1" },
        ],
      },
    ],
    [
      "more headers",
      {
        headers: [
          { name: "a", value: "1" },
          { name: "b", value: "1" },
        ],
      },
      { headers: [{ name: "a", value: "1" }], queryParams: [{ name: "q", value: "1" }] },
    ],
    ["more query parameters", { queryParams: [{ name: "q", value: "1" }] }, {}],
  ];
  test.each(order)("precedence: %s", (_, first, second) => {
    for (const matches of [
      [first, second],
      [second, first],
    ]) {
      const listener = compiled([{ matches }]).snapshot.listeners[0];
      const alone = compiled([{ matches: [first] }]).snapshot.listeners[0];
      expect(listener?.matches[0]?.match).toEqual(alone?.matches[0]?.match);
    }
  });

  test("ties: the oldest route, then by name, then the first rule", () => {
    const routes = [
      route("b", [{ name: "one" }, { name: "two" }]),
      route("a", [{ name: "one" }]),
      route("z", [{ name: "one" }], [parent("web")], { creationTimestamp: "2025-01-01T00:00:00Z" }),
    ];
    const listener = compile({ ...base, routes }).snapshot.listeners[0];
    expect(listener?.matches.map(({ rule: i }) => listener.rules[i]?.id)).toEqual([
      "shop/z/one",
      "shop/a/one",
      "shop/b/one",
      "shop/b/two",
    ]);
  });

  test("of headers with the same name only the first counts", () =>
    expect(
      compiled([
        {
          matches: [
            {
              headers: [
                { name: "X-A", value: "1" },
                { name: "x-a", value: "2" },
              ],
            },
          ],
        },
      ]).snapshot.listeners[0]?.matches[0]?.match.headers,
    ).toEqual([{ name: "x-a", type: "Exact", value: "1" }]));

  describe("release rules", () => {
    const mark = (kind: string, name: string) => ({
      type: "ExtensionRef" as const,
      extensionRef: { group: "sluice.dev", kind, name },
    });
    const services = ["web", "web-stable", "web-new"].map((name) => service(name));
    const split = (filters: Rules[number]["filters"]): Rules => [
      { name: "release", filters: filters ?? [], backendRefs: [to("web-stable", 99), to("web-new", 1)] },
    ];
    const release = (filters: Rules[number]["filters"], policies: readonly ReleasePolicy[]) =>
      compile({ ...base, services, routes: [route("r", split(filters))], policies }).snapshot.listeners.find(
        (l) => l.service.name === "web",
      )?.rules[0]?.release;
    const versions = { stable: "shop/web-stable:80", new: "shop/web-new:80" };

    const cases: readonly [string, Rules[number]["filters"], readonly ReleasePolicy[], object | undefined][] = [
      ["at rest", [mark("ReleasePolicy", "p")], [policy("p")], { ...versions, retryOnStable: true }],
      [
        "in a session",
        [mark("ReleasePolicy", "p"), mark("Release", "web-7.1")],
        [policy("p")],
        { ...versions, retryOnStable: true, session: "web-7.1" },
      ],
      [
        "retry Never, users by header",
        [mark("ReleasePolicy", "p")],
        [policy("p", { retry: "Never", user: { header: "X-User" } })],
        { ...versions, retryOnStable: false, userHeader: "x-user" },
      ],
      ["an ordinary rule when the policy is gone", [mark("ReleasePolicy", "p")], [], undefined],
      [
        "an ordinary rule when the policy is for another Deployment",
        [mark("ReleasePolicy", "p")],
        [policy("p", { targetRef: { name: "x" } })],
        undefined,
      ],
      ["an ordinary rule without the mark", [], [policy("p")], undefined],
    ];
    test.each(cases)("%s", (_, filters, policies, want) => expect(release(filters, policies)).toEqual(want));
  });
});

describe("findings", () => {
  const found = (routes: readonly HTTPRoute[], services = [service("web")]) =>
    compile({ ...base, services, routes }).findings.map(({ conditions }) =>
      conditions.map((c) => `${c.type}=${c.status} ${c.reason}`),
    );
  const fine = ["Accepted=True Accepted", "ResolvedRefs=True ResolvedRefs"];
  const mirror = { type: "RequestMirror" as const, requestMirror: { backendRef: { name: "web", port: 80 } } };
  const cases: readonly [string, HTTPRoute, readonly (readonly string[])[]][] = [
    ["all well", route("r", [{ backendRefs: [to("web")] }]), [fine]],
    ["nothing to say about Gateways", route("r", [], [{ name: "gw" }]), []],
    [
      "one for each parent",
      route("r", [], [parent("web"), parent("gone")]),
      [fine, ["Accepted=False NoMatchingParent", "ResolvedRefs=True ResolvedRefs"]],
    ],
    [
      "no such port",
      route("r", [], [parent("web", { port: 81 })]),
      [["Accepted=False NoMatchingParent", "ResolvedRefs=True ResolvedRefs"]],
    ],
    [
      "no such section",
      route("r", [], [parent("web", { sectionName: "admin" })]),
      [["Accepted=False NoMatchingParent", "ResolvedRefs=True ResolvedRefs"]],
    ],
    ["port and section must both match", route("r", [], [parent("web", { port: 80, sectionName: "http" })]), [fine]],
    [
      "a route of another namespace",
      route("r", [], [parent("web", { namespace: "shop" })], { namespace: "else" }),
      [["Accepted=False NotAllowedByListeners", "ResolvedRefs=True ResolvedRefs"]],
    ],
    [
      "a backend that does not exist",
      route("r", [{ backendRefs: [to("gone")] }]),
      [["Accepted=True Accepted", "ResolvedRefs=False BackendNotFound"]],
    ],
    [
      "a port that does not exist",
      route("r", [{ backendRefs: [to("web", 1, 81)] }]),
      [["Accepted=True Accepted", "ResolvedRefs=False BackendNotFound"]],
    ],
    [
      "a kind that is no Service",
      route("r", [{ backendRefs: [{ name: "b", kind: "Bucket", group: "example.com" }] }]),
      [["Accepted=True Accepted", "ResolvedRefs=False InvalidKind"]],
    ],
    [
      "a filter that we do not have",
      route("r", [{ filters: [mirror] }]),
      [["Accepted=False UnsupportedValue", "ResolvedRefs=True ResolvedRefs"]],
    ],
    ["one rule of two", route("r", [{ filters: [mirror] }, {}]), [[...fine, "PartiallyInvalid=True UnsupportedValue"]]],
    [
      "a bad expression",
      route("r", [{ matches: [{ path: { type: "RegularExpression", value: "(" } }] }]),
      [["Accepted=False UnsupportedValue", "ResolvedRefs=True ResolvedRefs"]],
    ],
    [
      "a value that would begin another field",
      route("r", [
        {
          filters: [
            { type: "RequestHeaderModifier", requestHeaderModifier: { add: [{ name: "X", value: "1\r\nY: 2" }] } },
          ],
        },
      ]),
      [["Accepted=False UnsupportedValue", "ResolvedRefs=True ResolvedRefs"]],
    ],
    [
      "a prefix to replace where none matched",
      route("r", [
        {
          matches: [{ path: { type: "Exact", value: "/a" } }],
          filters: [
            { type: "URLRewrite", urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } } },
          ],
        },
      ]),
      [["Accepted=False UnsupportedValue", "ResolvedRefs=True ResolvedRefs"]],
    ],
  ];
  test.each(cases)("%s", (_, one, want) => expect(found([one])).toEqual(want));

  test("a dropped rule is named", () =>
    expect(
      compile({ ...base, routes: [route("r", [{ name: "copy", filters: [mirror] }, {}])] }).findings[0]?.conditions[2]
        ?.message,
    ).toBe("Dropped Rule copy (filter RequestMirror is not supported)"));

  test("a headless Service has no frontend", () =>
    expect(found([route("r", [])], [service("web", { clusterIP: "None" })])).toEqual([
      ["Accepted=False NoMatchingParent", "ResolvedRefs=True ResolvedRefs"],
    ]));

  test("a route on a port that says it carries something else", () =>
    expect(found([route("r", [])], [service("web", { ports: [{ name: "tcp-x", port: 80 }] })])).toEqual([
      ["Accepted=False NoMatchingParent", "ResolvedRefs=True ResolvedRefs"],
    ]));

  test("a share that cannot be resolved keeps its weight, without a backend", () =>
    expect(
      compile({ ...base, routes: [route("r", [{ backendRefs: [to("web", 1), to("gone", 2)] }])] }).snapshot.listeners[0]
        ?.rules[0]?.backends,
    ).toEqual([
      { backend: "shop/web:80", weight: 1, filters: [] },
      { weight: 2, filters: [] },
    ]));
});

describe("properties", () => {
  const name = fc.constantFrom("web", "web-stable", "web-new", "api");
  const arbitraryView: fc.Arbitrary<RoutingView> = fc.record({
    services: fc.uniqueArray(name, { minLength: 1 }).map((names) => names.map((n) => service(n))),
    slices: fc.array(fc.tuple(name, fc.uniqueArray(fc.integer({ min: 1, max: 5 })), fc.boolean())).map((all) =>
      all.map(([of, hosts, ready], i) =>
        slice(
          of,
          hosts.map((h) => at(`10.0.0.${h}`, { ready, serving: true, terminating: !ready })),
          `s${i}`,
        ),
      ),
    ),
    routes: fc
      .array(fc.tuple(name, fc.array(name, { maxLength: 3 }), fc.constantFrom("/", "/a", "/a/b")))
      .map((all) =>
        all.map(([of, backends, value], i) =>
          route(
            `r${i}`,
            [{ matches: [{ path: { type: "PathPrefix", value } }], backendRefs: backends.map((b) => to(b)) }],
            [parent(of)],
          ),
        ),
      ),
    policies: fc.constant([policy("p")]),
    versions: fc.constant({ services: "7" }),
  });

  test("the order of the objects does not matter", () =>
    fc.assert(
      fc.property(arbitraryView, fc.infiniteStream(fc.nat()), (view, keys) => {
        const shuffle = <T>(items: readonly T[]): T[] =>
          items
            .map((item) => [Number(keys.next().value), item] as const)
            .sort(([a], [b]) => a - b)
            .map(([, item]) => item);
        const other = {
          ...view,
          services: shuffle(view.services),
          slices: shuffle(view.slices),
          routes: shuffle(view.routes),
        };
        expect(compile(other)).toEqual(compile(view));
      }),
    ));

  test("every reference leads somewhere, no address is listened on twice", () =>
    fc.assert(
      fc.property(arbitraryView, (view) => {
        const { snapshot } = compile(view);
        const addresses = snapshot.listeners.map((l) => `${l.address}:${l.port}`);
        expect(new Set(addresses).size).toBe(addresses.length);
        for (const { rules, matches, fallback } of snapshot.listeners) {
          expect(snapshot.backends).toHaveProperty([fallback]);
          for (const { rule } of matches) expect(rules[rule]).toBeDefined();
          for (const { backend } of rules.flatMap((r) => r.backends))
            if (backend) expect(snapshot.backends).toHaveProperty([backend]);
        }
      }),
    ));
});
