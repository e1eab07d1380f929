import { FieldPath } from "../validation/field-path.ts";

/** What is allowed but hardly meant: collected as Kubernetes says it in `Warning` headers. */
export class Warnings {
  readonly list: string[] = [];

  add(text: string): void {
    this.list.push(text);
  }

  /** @param path of the field that the warning is about */
  at(path: FieldPath, text: string): void {
    this.list.push(`${path.toString()}: ${text}`);
  }
}

export const SPEC: FieldPath = FieldPath.of("spec");
export const METADATA: FieldPath = FieldPath.of("metadata");
