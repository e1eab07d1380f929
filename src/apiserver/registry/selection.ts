import type { KubeObject } from "../../api/object.ts";
import {
  fieldSelectorParameter,
  labelSelectorParameter,
  type ObjectFieldSelector,
} from "../../api/selector/selectors.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { requiredFieldValue } from "../../lib/field-selector.ts";
import { type LabelSelector, matchesLabels } from "../../lib/label-selector.ts";

/** Which objects of a resource a list or a watch is about. */
export class Selection {
  readonly #namespace: string | undefined;
  readonly #labels: LabelSelector | undefined;
  readonly #fields: ObjectFieldSelector | undefined;
  /** The one name that can match, when the field selector demands one. */
  readonly name: string | undefined;

  /** Throws BadRequest with Kubernetes' text for a selector that cannot be understood. */
  constructor(
    info: ResourceInfo,
    of: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string },
  ) {
    this.#fields = of.fieldSelector ? fieldSelectorParameter(info, of.fieldSelector) : undefined;
    this.#labels = of.labelSelector ? labelSelectorParameter(of.labelSelector) : undefined;
    const fields = this.#fields?.terms ?? [];
    this.#namespace = of.namespace ?? (info.namespaced ? requiredFieldValue(fields, "metadata.namespace") : undefined);
    this.name = requiredFieldValue(fields, "metadata.name");
  }

  /** Everything there is is selected. */
  get all(): boolean {
    return this.#labels === undefined && this.#fields === undefined;
  }

  /** What the keys of all selected objects begin with. */
  get keyPrefix(): string {
    return this.#namespace === undefined ? "" : `${this.#namespace}/`;
  }

  /** The only key that can match, if the selector says so. */
  onlyKey(namespaced: boolean): string | undefined {
    if (this.name === undefined) return undefined;
    if (!namespaced) return this.name;
    return this.#namespace === undefined ? undefined : `${this.#namespace}/${this.name}`;
  }

  /** Whether an object whose key has the prefix is selected. */
  matches(object: KubeObject): boolean {
    return (
      (this.#labels === undefined || matchesLabels(this.#labels, object.metadata.labels)) &&
      (this.#fields === undefined || this.#fields.matches(object))
    );
  }
}
