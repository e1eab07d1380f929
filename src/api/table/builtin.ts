import {
  type CustomFact,
  type CustomVersionFact,
  customFacts,
  kubeFacts,
  type ResourceFact,
  surfaceFacts,
} from "./facts.ts";
import { GoSchemas } from "./go-schema.ts";
import type { ObjectSchema } from "./schema.ts";
import { StructuralSchemas } from "./structural-schema.ts";
import type { Column, GroupInfo, KindInfo, ResourceInfo, SubresourceInfo, TypeTable } from "./type-table.ts";

/** Groups of kube-apiserver that are not served: what they configure does not exist here. */
const NOT_SERVED = new Set([
  "apiregistration.k8s.io",
  "certificates.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "resource.k8s.io",
  "flowcontrol.apiserver.k8s.io",
]);

/** Kinds that are two views of one thing: `version plural` → the view that is stored. */
const STORED_AS: Readonly<Record<string, { readonly group: string; readonly version: string }>> = {
  "events.k8s.io/v1 events": { group: "", version: "v1" },
  "autoscaling/v1 horizontalpodautoscalers": { group: "autoscaling", version: "v2" },
};

/**
 * The table of everything that is served out of the box, in the order of discovery: Kubernetes' groups, then the Gateway
 * API's, then our own. Schemas are built when first asked for.
 */
export function builtinTypes(): TypeTable {
  const go = new GoSchemas();
  const structural = new StructuralSchemas(go.type("meta/v1.ObjectMeta"));
  const resources = [...kubeResources(go), ...customFacts.flatMap((facts) => customResources(facts, structural))];
  return new BuiltinTable(resources, go);
}

class BuiltinTable implements TypeTable {
  readonly groups: readonly GroupInfo[];
  readonly resources: readonly ResourceInfo[];
  readonly #byPlural = new Map<string, ResourceInfo>();
  readonly #byKind = new Map<string, ResourceInfo>();

  readonly #go: GoSchemas;

  constructor(resources: readonly ResourceInfo[], go: GoSchemas) {
    this.resources = resources;
    this.#go = go;
    const groups = new Map<string, string[]>();
    for (const info of resources) {
      const versions = groups.get(info.group);
      if (!versions) groups.set(info.group, [info.version]);
      else if (!versions.includes(info.version)) versions.push(info.version);
      const groupVersion = info.group === "" ? info.version : `${info.group}/${info.version}`;
      this.#byPlural.set(`${groupVersion} ${info.plural}`, info);
      this.#byKind.set(`${groupVersion} ${info.kind}`, info);
    }
    this.groups = [...groups].map(([name, versions]) => ({ name, versions }));
  }

  find(group: string, version: string, plural: string): ResourceInfo | undefined {
    return this.#byPlural.get(group === "" ? `${version} ${plural}` : `${group}/${version} ${plural}`);
  }

  findKind(apiVersion: string, kind: string): ResourceInfo | undefined {
    return this.#byKind.get(`${apiVersion} ${kind}`);
  }

  findType(apiVersion: string, kind: string): KindInfo | undefined {
    const resource = this.findKind(apiVersion, kind);
    const type = kubeFacts.kinds[`${apiVersion} ${kind}`] ?? metaKind(kind);
    if (resource || type === undefined) return resource;
    const group = groupOf(apiVersion);
    const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
    return { group, version, kind, schema: this.#go.type(type), custom: false };
  }
}

/** The kinds of meta/v1 (`DeleteOptions`, `Status`, …) belong to every group version. */
function metaKind(kind: string): string | undefined {
  const type = `meta/v1.${kind}`;
  return kubeFacts.types[type]?.fields.some((f) => f.type === "meta/v1.TypeMeta") ? type : undefined;
}

/** A row of the table whose schema is built at its first use: most kinds are never touched in a process's life. */
class LazyResource implements ResourceInfo {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly columns: readonly Column[];
  readonly subresources: readonly SubresourceInfo[];
  readonly ephemeral: boolean;
  readonly custom: boolean;
  readonly storage: { readonly group: string; readonly version: string };
  readonly #build: () => ObjectSchema;
  #schema: ObjectSchema | undefined;

  constructor(row: Omit<ResourceInfo, "schema">, build: () => ObjectSchema) {
    this.group = row.group;
    this.version = row.version;
    this.plural = row.plural;
    this.kind = row.kind;
    this.namespaced = row.namespaced;
    this.singular = row.singular;
    this.listKind = row.listKind;
    this.shortNames = row.shortNames;
    this.categories = row.categories;
    this.verbs = row.verbs;
    this.columns = row.columns;
    this.subresources = row.subresources;
    this.ephemeral = row.ephemeral;
    this.custom = row.custom;
    this.storage = row.storage;
    this.#build = build;
  }

  get schema(): ObjectSchema {
    this.#schema ??= this.#build();
    return this.#schema;
  }
}

function kubeResources(go: GoSchemas): ResourceInfo[] {
  const facts = surfaceFacts.resources;
  const served = facts.filter((f) => !f.name.includes("/") && !NOT_SERVED.has(groupOf(f.groupVersion)));
  return served.map((fact) => {
    const { groupVersion } = fact;
    const group = groupOf(groupVersion);
    const version = groupVersion.slice(groupVersion.indexOf("/") + 1);
    const row = {
      group,
      version,
      plural: fact.name,
      kind: fact.kind,
      namespaced: fact.namespaced,
      singular: fact.singular,
      listKind: `${fact.kind}List`,
      shortNames: fact.shortNames ?? [],
      categories: fact.categories ?? [],
      verbs: fact.verbs,
      columns: (fact.columns ?? []).map(columnOf),
      subresources: facts
        .filter((f) => f.groupVersion === groupVersion && f.name.startsWith(`${fact.name}/`))
        .map((f) => subresourceOf(f, fact.name, group, version)),
      ephemeral: false,
      custom: false,
      storage: STORED_AS[`${groupVersion} ${fact.name}`] ?? { group, version },
    };
    return new LazyResource(row, () => go.type(typeOf(groupVersion, fact.kind)));
  });
}

function groupOf(groupVersion: string): string {
  const slash = groupVersion.indexOf("/");
  return slash < 0 ? "" : groupVersion.slice(0, slash);
}

function typeOf(groupVersion: string, kind: string): string {
  const type = kubeFacts.kinds[`${groupVersion} ${kind}`];
  if (type === undefined) throw new Error(`no facts of kind ${groupVersion} ${kind}`);
  return type;
}

function columnOf([name, type, format, priority]: readonly (string | number)[]): Column {
  return { name: String(name), type: String(type), format: String(format), priority: Number(priority) };
}

function subresourceOf(fact: ResourceFact, parent: string, group: string, version: string): SubresourceInfo {
  return {
    name: fact.name.slice(parent.length + 1),
    verbs: fact.verbs,
    group: fact.group ?? group,
    version: fact.version ?? version,
    kind: fact.kind,
  };
}

const CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

function customResources(
  facts: Readonly<Record<string, CustomFact | string>>,
  structural: StructuralSchemas,
): ResourceInfo[] {
  return Object.entries(facts).flatMap(([name, fact]) => {
    if (typeof fact === "string") return [];
    const group = name.slice(name.indexOf(".") + 1);
    return fact.versions.filter((v) => v.served).map((v) => customResource(group, fact, v, structural));
  });
}

function customResource(
  group: string,
  fact: CustomFact,
  version: CustomVersionFact,
  structural: StructuralSchemas,
): ResourceInfo {
  const { names } = fact;
  const row = {
    group,
    version: version.name,
    plural: names.plural,
    kind: names.kind,
    namespaced: fact.scope === "Namespaced",
    singular: names.singular,
    listKind: names.listKind,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: CUSTOM_VERBS,
    columns: [NAME_COLUMN, ...version.columns.map(customColumn)],
    subresources: version.subresources.status
      ? [{ name: "status", verbs: ["get", "patch", "update"], group, version: version.name, kind: names.kind }]
      : [],
    ephemeral: fact.ephemeral ?? false,
    custom: true,
    storage: { group, version: fact.versions.find((v) => v.storage)?.name ?? version.name },
  };
  return new LazyResource(row, () => structural.root(names.kind, version.schema));
}

const NAME_COLUMN: Column = { name: "Name", type: "string", format: "name", priority: 0, jsonPath: ".metadata.name" };

function customColumn(column: CustomVersionFact["columns"][number]): Column {
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? "",
    priority: column.priority ?? 0,
    jsonPath: column.jsonPath,
  };
}
