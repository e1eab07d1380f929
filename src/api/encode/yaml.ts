import { stringify } from "yaml";

/** A document as YAML in the form that Kubernetes writes: keys sorted, lists flush with their key, texts quoted when needed. */
export function toYaml(document: object): string {
  return stringify(document, { version: "1.1", sortMapEntries: true, indentSeq: false, lineWidth: 0 });
}
