import type { Resource } from "../../api/resource.ts";
import { AppError } from "../../lib/app-error.ts";
import { nearNames } from "../../lib/near-name.ts";

/** A resource as discovery tells of it. */
export interface DiscoveredResource extends Resource {
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
}

/** What users call resources: `deployments`, `deployment`, `deploy`, `Deployment`, `deployments.apps`, `deployments.v1.apps`. */
export class DiscoveredResources {
  readonly all: readonly DiscoveredResource[];

  /** `all` in the order of discovery: the first that a name fits is meant. */
  constructor(all: readonly DiscoveredResource[]) {
    this.all = all;
  }

  /** Throws AppError `unknown-resource` with kubectl's text, and the near names as a hint. */
  named(name: string): DiscoveredResource {
    const found = this.#find(name);
    if (found) return found;
    const known = this.all.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]);
    const [near] = nearNames(name.toLowerCase(), new Set(known), 1);
    const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
    throw new AppError("unknown-resource", `the server doesn't have a resource type "${name.split(".")[0]}"${hint}`);
  }

  /** The resources of a list `deploy,rs`; a category such as `all` stands for its members. */
  listed(names: string): readonly DiscoveredResource[] {
    const found = names
      .split(",")
      .filter((name) => name !== "")
      .flatMap((name) => {
        const members = this.all.filter(({ categories, verbs }) => categories.includes(name) && verbs.includes("list"));
        return members.length > 0 ? preferred(members) : [this.named(name)];
      });
    return [...new Set(found)];
  }

  ofKind(apiVersion: string, kind: string): DiscoveredResource | undefined {
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    return this.all.find((each) => each.group === group && each.version === version && each.kind === kind);
  }

  #find(name: string): DiscoveredResource | undefined {
    const [word = "", ...rest] = name.toLowerCase().split(".");
    const group = rest.join(".");
    const [version, ...groupAfterVersion] = rest;
    const fits = (each: DiscoveredResource): boolean =>
      rest.length === 0 ||
      each.group === group ||
      (each.version === version && each.group === groupAfterVersion.join("."));
    const candidates = this.all.filter(fits);
    return (
      candidates.find(({ plural }) => plural === word) ??
      candidates.find(({ singular }) => singular === word) ??
      candidates.find(({ shortNames }) => shortNames.includes(word)) ??
      candidates.find(({ kind }) => kind.toLowerCase() === word)
    );
  }
}

/** Of two views of the same thing (events of two groups, two versions), the first. */
function preferred(members: readonly DiscoveredResource[]): readonly DiscoveredResource[] {
  const seen = new Set<string>();
  return members.filter(({ group, plural }) => {
    const key = `${group}/${plural}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** The documents of aggregated discovery, as far as they are read. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery */
export interface GroupDiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly kind?: string };
        readonly scope: string;
        readonly singularResource?: string;
        readonly verbs?: readonly string[];
        readonly shortNames?: readonly string[];
        readonly categories?: readonly string[];
        readonly subresources?: readonly { readonly subresource: string }[];
      }[];
    }[];
  }[];
}

export function readDiscovery(documents: readonly GroupDiscoveryList[]): DiscoveredResources {
  const all: DiscoveredResource[] = [];
  for (const group of documents.flatMap(({ items = [] }) => items)) {
    for (const { version, resources = [] } of group.versions ?? []) {
      for (const resource of resources) {
        const { responseKind, singularResource, shortNames = [], categories = [], verbs = [] } = resource;
        all.push({
          group: group.metadata?.name ?? "",
          version,
          plural: resource.resource,
          kind: responseKind?.kind ?? "",
          namespaced: resource.scope === "Namespaced",
          singular: singularResource ?? "",
          shortNames,
          categories,
          verbs,
          subresources: (resource.subresources ?? []).map(({ subresource }) => subresource),
        });
      }
    }
  }
  return new DiscoveredResources(all);
}
