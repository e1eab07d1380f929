import type { KubeObject } from "../../api/object.ts";
import { apiVersionOf } from "../../api/resource.ts";
import type { ResourceInfo, TypeTable } from "../../api/table/type-table.ts";
import { eventFromCore, eventToCore } from "./event-versions.ts";
import { autoscalerFromV2, autoscalerToV2 } from "./autoscaler-versions.ts";

/** Where the objects of a resource are kept, and how they look in the version that was asked for. */
export interface StoredKind {
  /** Name in the store: `apps/deployments`, `/pods`. */
  readonly resource: string;
  /** The resource in the version in which it is stored. */
  readonly info: ResourceInfo;
  /** Asked for and stored in the same version: `view` and `stored` do nothing. */
  readonly same: boolean;
  /** A stored object as the version asked for. The same object gives the same view. */
  view(object: KubeObject): KubeObject;
  /** The inverse. */
  stored(object: KubeObject): KubeObject;
}

type Convert = (object: KubeObject) => KubeObject;

interface Conversion {
  readonly view: Convert;
  readonly stored: Convert;
}

/** Views of one kind in two versions, by the version that is not stored. */
const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  "events.k8s.io/v1 events": { view: eventFromCore, stored: eventToCore },
  "autoscaling/v1 horizontalpodautoscalers": { view: autoscalerFromV2, stored: autoscalerToV2 },
};

/** All stored kinds of a table, by the resource that asks. */
export class StoredKinds {
  readonly #types: TypeTable;
  readonly #kinds = new Map<ResourceInfo, StoredKind>();

  constructor(types: TypeTable) {
    this.#types = types;
  }

  of(info: ResourceInfo): StoredKind {
    let kind = this.#kinds.get(info);
    if (!kind) {
      kind = this.#make(info);
      this.#kinds.set(info, kind);
    }
    return kind;
  }

  #make(info: ResourceInfo): StoredKind {
    const { group, version } = info.storage;
    const resource = `${group}/${info.plural}`;
    if (group === info.group && version === info.version)
      return { resource, info, same: true, view: (object) => object, stored: (object) => object };
    const stored = this.#types.find(group, version, info.plural);
    const name = `${info.group}/${info.version} ${info.plural}`;
    const conversion = info.custom ? renaming(info, info.storage) : CONVERSIONS[name];
    if (!stored || !conversion) throw new Error(`no conversion of ${name} to ${group}/${version}`);
    return { resource, info: stored, same: false, view: remembered(conversion.view), stored: conversion.stored };
  }
}

/** Versions of a custom kind differ in nothing but their name. */
function renaming(info: ResourceInfo, storage: ResourceInfo["storage"]): Conversion {
  const as =
    (apiVersion: string): Convert =>
    (object) => ({ ...object, apiVersion });
  return { view: as(apiVersionOf(info)), stored: as(apiVersionOf(storage)) };
}

function remembered(convert: Convert): Convert {
  const views = new WeakMap<KubeObject, KubeObject>();
  return (object) => {
    let view = views.get(object);
    if (!view) {
      view = convert(object);
      views.set(object, view);
    }
    return view;
  };
}
