import { jsonEqual, type JsonObject, type MutableJsonObject, objectOf } from "../../lib/json.ts";

const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

/** A new DaemonSet says in an annotation which generation of its template it is. */
export function preparedDaemonSet(set: JsonObject): JsonObject {
  const metadata = objectOf(set["metadata"]);
  const annotations = objectOf(metadata["annotations"]);
  return { metadata: { ...metadata, annotations: { [TEMPLATE_GENERATION]: "1", ...annotations } } };
}

/** Each change of a DaemonSet's template is counted; nobody else may. */
export function nextDaemonSet(set: JsonObject, old: JsonObject): JsonObject {
  const metadata = objectOf(set["metadata"]);
  const before = Number(objectOf(objectOf(old["metadata"])["annotations"])[TEMPLATE_GENERATION] ?? 0);
  const same = jsonEqual(objectOf(set["spec"])["template"], objectOf(old["spec"])["template"]);
  const annotations = {
    ...objectOf(metadata["annotations"]),
    [TEMPLATE_GENERATION]: String(same ? before : before + 1),
  };
  return { metadata: { ...metadata, annotations } };
}

const CONTROLLER_UID = "batch.kubernetes.io/controller-uid";

/** A new Job whose author does not choose the selector selects its pods by its own uid. */
export function preparedJob(job: JsonObject): JsonObject {
  const spec: MutableJsonObject = { ...objectOf(job["spec"]) };
  if (spec["manualSelector"] === true) return {};
  const own = objectOf(job["metadata"]);
  const { name = "", uid = "" } = own;
  const template = objectOf(spec["template"]);
  const metadata = objectOf(template["metadata"]);
  const labels = {
    [CONTROLLER_UID]: uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
    ...objectOf(metadata["labels"]),
  };
  spec["template"] = { ...template, metadata: { ...metadata, labels } };
  const selector = objectOf(spec["selector"]);
  const matchLabels = { [CONTROLLER_UID]: uid, ...objectOf(selector["matchLabels"]) };
  spec["selector"] = { ...selector, matchLabels };
  // Labels that came from the template are the template's.
  const inherits = own["labels"] !== undefined && jsonEqual(own["labels"], metadata["labels"]);
  return inherits ? { spec, metadata: { ...own, labels } } : { spec };
}
