import type { KubeObject } from "../object.ts";
import { apiVersionOf } from "../resource.ts";
import type { ResourceInfo } from "../table/type-table.ts";

/**
 * Which fields of a kind a field selector may name, and how they are read.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/#list-of-supported-fields
 */
export interface SelectableFields {
  readonly readers: ReadonlyMap<string, FieldReader>;
  /** Kubernetes' text for a field that is not selectable; it differs between kinds. */
  readonly unknown: (field: string) => string;
}

/** The value as text, "" when the object has none. */
export type FieldReader = (object: KubeObject) => string;

const unsupported = (field: string): string => `field label not supported: ${field}`;
const onlyMetadata = (field: string): string =>
  `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;

function at(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/** Reads the field at a path; `absent` is the text of the zero value. */
function reader(path: string, absent = ""): FieldReader {
  const names = path.split(".");
  return (object) => {
    const value = at(object, names);
    if (value === undefined || value === null) return absent;
    return typeof value === "string" ? value : JSON.stringify(value);
  };
}

/** Reads the first of two fields that is not empty. */
function either(first: string, second: string): FieldReader {
  const [one, other] = [reader(first), reader(second)];
  return (object) => one(object) || other(object);
}

const NAME: readonly [string, FieldReader] = ["metadata.name", reader("metadata.name")];
const NAMESPACE: readonly [string, FieldReader] = ["metadata.namespace", reader("metadata.namespace")];

function fields(
  readers: Readonly<Record<string, FieldReader>>,
  options: { readonly namespaced: boolean; readonly unknown?: (field: string) => string },
): SelectableFields {
  const metadata = options.namespaced ? [NAME, NAMESPACE] : [NAME];
  return { readers: new Map([...metadata, ...Object.entries(readers)]), unknown: options.unknown ?? unsupported };
}

const REFERENCE = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];
const references = (selector: string, path: string): Record<string, FieldReader> =>
  Object.fromEntries(REFERENCE.map((name) => [`${selector}.${name}`, reader(`${path}.${name}`)]));

const NODE_NAME = reader("spec.nodeName");

/** By group and kind; other kinds offer the name and the namespace. */
const BY_KIND: ReadonlyMap<string, SelectableFields> = new Map([
  [
    "/Pod",
    fields(
      {
        "spec.nodeName": NODE_NAME,
        "spec.host": NODE_NAME,
        "spec.restartPolicy": reader("spec.restartPolicy"),
        "spec.schedulerName": reader("spec.schedulerName"),
        "spec.serviceAccountName": reader("spec.serviceAccountName"),
        "spec.hostNetwork": reader("spec.hostNetwork", "false"),
        "status.phase": reader("status.phase"),
        "status.podIP": reader("status.podIP"),
        // May be asked for, but has never had a value in Kubernetes.
        "status.podIPs": () => "",
        "status.nominatedNodeName": reader("status.nominatedNodeName"),
      },
      { namespaced: true },
    ),
  ],
  ["/Node", fields({ "spec.unschedulable": reader("spec.unschedulable", "false") }, { namespaced: false })],
  ["/Namespace", fields({ "status.phase": reader("status.phase") }, { namespaced: false })],
  ["/Secret", fields({ type: reader("type") }, { namespaced: true })],
  [
    "/Service",
    fields({ "spec.clusterIP": reader("spec.clusterIP"), "spec.type": reader("spec.type") }, { namespaced: true }),
  ],
  ["/ReplicationController", fields({ "status.replicas": reader("status.replicas", "0") }, { namespaced: true })],
  [
    "/Event",
    fields(
      {
        ...references("involvedObject", "involvedObject"),
        reason: reader("reason"),
        reportingComponent: reader("reportingComponent"),
        source: either("source.component", "reportingComponent"),
        type: reader("type"),
      },
      { namespaced: true },
    ),
  ],
  [
    "events.k8s.io/Event",
    fields(
      {
        ...references("regarding", "regarding"),
        reason: reader("reason"),
        reportingController: reader("reportingController"),
        type: reader("type"),
      },
      { namespaced: true },
    ),
  ],
  [
    "batch/Job",
    fields(
      { "status.successful": reader("status.succeeded", "0") },
      { namespaced: true, unknown: (field) => `field label ${JSON.stringify(field)} not supported for Job` },
    ),
  ],
  [
    "certificates.k8s.io/CertificateSigningRequest",
    fields({ "spec.signerName": reader("spec.signerName") }, { namespaced: false }),
  ],
]);

const METADATA_ONLY: SelectableFields = fields({}, { namespaced: true, unknown: onlyMetadata });
const CUSTOM: SelectableFields = fields({}, { namespaced: true });
const CUSTOM_CLUSTER_SCOPED: SelectableFields = fields({}, { namespaced: false });

/** The fields that a selector on this resource may name. */
export function selectableFields(info: ResourceInfo): SelectableFields {
  if (info.custom) return info.namespaced ? CUSTOM : CUSTOM_CLUSTER_SCOPED;
  if (info.kind === "ResourceSlice") return resourceSliceFields(info);
  return BY_KIND.get(`${info.group}/${info.kind}`) ?? METADATA_ONLY;
}

function resourceSliceFields(info: ResourceInfo): SelectableFields {
  return fields(
    { "spec.nodeName": NODE_NAME, "spec.driver": reader("spec.driver") },
    {
      namespaced: false,
      unknown: (field) => `field label not supported for ${apiVersionOf(info)}, Kind=${info.kind}: ${field}`,
    },
  );
}
