import type { KubeObject } from "../../src/api/object.ts";
import { apiVersionOf } from "../../src/api/resource.ts";
import { builtinTypes } from "../../src/api/table/builtin.ts";
import type { Admitter, AdmissionRequest, AdmissionView } from "../../src/apiserver/admission/admitter.ts";

const types = builtinTypes();

/** A view of these objects alone. */
export function viewOf(objects: readonly KubeObject[]): AdmissionView {
  const resourceOf = ({ apiVersion, kind }: KubeObject): string => {
    const { group, plural } = types.resources.find((each) => each.kind === kind && apiVersion === apiVersionOf(each))!;
    return `${group}/${plural}`;
  };
  const list = (resource: string, namespace?: string): readonly KubeObject[] =>
    objects.filter(
      (object) =>
        resourceOf(object) === resource && (namespace === undefined || object.metadata.namespace === namespace),
    );
  return {
    list,
    get: (resource, name, namespace) => list(resource, namespace).find(({ metadata }) => metadata.name === name),
  };
}

/** A plain object, in namespace `a` unless the resource has none. */
export function objectOf(apiVersion: string, kind: string, name: string, rest: object = {}): KubeObject {
  const { namespaced } = types.resources.find((each) => each.kind === kind)!;
  return { apiVersion, kind, metadata: { name, ...(namespaced && { namespace: "a" }) }, ...rest } as KubeObject;
}

export interface AdmissionChange extends Partial<Omit<AdmissionRequest, "objects" | "info">> {
  readonly old?: KubeObject;
  readonly objects?: readonly KubeObject[];
}

/** What a rule makes of an object that somebody creates, or with `old` updates. */
export function admitted(admitter: Admitter, object: KubeObject, change: AdmissionChange = {}): KubeObject {
  const { old, objects = [], ...rest } = change;
  const info = types.resources.find((each) => each.kind === object.kind && apiVersionOf(each) === object.apiVersion)!;
  const request: AdmissionRequest = {
    operation: old ? "update" : "create",
    info,
    ...(info.namespaced && { namespace: "a" }),
    user: { username: "tester", groups: [] },
    dryRun: false,
    objects: viewOf(objects),
    warn: () => undefined,
    validate: () => undefined,
    ...rest,
  };
  if (admitter.resources && !admitter.resources.has(`${info.group}/${info.plural}`)) return object;
  return admitter.admit(old, object, request);
}
