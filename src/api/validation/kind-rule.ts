import type { KubeObject } from "../object.ts";
import { apiVersionOf, type Resource } from "../resource.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { NameRule } from "./names.ts";

/** The rules of one kind, beyond those of metadata. */
export interface KindRules {
  /** Of metadata.name; absent where it need only fit into a URL. */
  readonly name?: NameRule;
  /** Any qualified finalizer will do, not only those that Kubernetes knows. */
  readonly anyFinalizer: boolean;
  /** An update looks at the metadata as if the object were new; of that only generateName can be wrong on its own. */
  readonly metaAgain: boolean;
  /** What is wrong already before anything else is looked at, and is told alone. */
  first(object: KubeObject, old: KubeObject | undefined, errors: FieldErrors): void;
  /** `group`: of the API that the request uses, where a kind is served by two. */
  create(object: KubeObject, errors: FieldErrors, group: string): void;
  update(object: KubeObject, old: KubeObject, errors: FieldErrors, group: string): void;
  subresource(name: string, object: KubeObject, old: KubeObject, errors: FieldErrors): void;
}

type Rule<T> = (object: T, errors: FieldErrors, group: string) => void;
type ChangeRule<T> = (object: T, old: T, errors: FieldErrors, group: string) => void;

export interface TypedRules<T> {
  readonly name?: NameRule;
  readonly anyFinalizer?: boolean;
  readonly metaAgain?: boolean;
  readonly first?: (object: T, old: T | undefined, errors: FieldErrors) => void;
  readonly create?: Rule<T>;
  /** By default an object must be good again as if it were new. */
  readonly update?: ChangeRule<T>;
  readonly subresources?: Readonly<Record<string, ChangeRule<T>>>;
}

/** The rules as an entry of the table of all kinds. Objects of other kinds are a mistake of the caller. */
export function forKind<T extends KubeObject>(
  resource: Resource<T>,
  rules: TypedRules<T>,
): readonly [string, KindRules] {
  const apiVersion = apiVersionOf(resource);
  const typed = (object: KubeObject): T => {
    if (!isOf(resource, apiVersion, object))
      throw new Error(`${object.apiVersion} ${object.kind} is no ${resource.kind}`);
    return object;
  };
  const create: KindRules["create"] = (object, errors, group) => rules.create?.(typed(object), errors, group);
  return [
    `${resource.group}/${resource.kind}`,
    {
      ...(rules.name && { name: rules.name }),
      anyFinalizer: rules.anyFinalizer ?? false,
      metaAgain: rules.metaAgain ?? false,
      first: (object, old, errors) => rules.first?.(typed(object), old && typed(old), errors),
      create,
      update: (object, old, errors, group) => {
        if (rules.update) rules.update(typed(object), typed(old), errors, group);
        else create(object, errors, group);
      },
      subresource: (name, object, old, errors) =>
        rules.subresources?.[name]?.(typed(object), typed(old), errors, resource.group),
    },
  ];
}

function isOf<T extends KubeObject>(resource: Resource<T>, apiVersion: string, object: KubeObject): object is T {
  return object.apiVersion === apiVersion && object.kind === resource.kind;
}
