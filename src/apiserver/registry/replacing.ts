import type { KubeObject, ObjectMeta } from "../../api/object.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { conflict } from "./failures.ts";
import type { Wanted } from "./writing.ts";

/** The change of a PUT: the object as it was sent. Throws Conflict when it names the uid of an object that is gone. */
export function replacement(info: ResourceInfo, object: KubeObject): (current: KubeObject | undefined) => Wanted {
  return (current) => {
    if (current) checkIdentity(info, current, object);
    return { object, tracked: false };
  };
}

function checkIdentity(info: ResourceInfo, current: KubeObject, object: KubeObject): void {
  const { uid } = object.metadata as ObjectMeta;
  if (!uid || uid === current.metadata.uid) return;
  const { name, namespace } = current.metadata;
  const group = info.group === "" ? "" : `${info.group}/`;
  const key = `/registry/${group}${info.plural}/${namespace ? `${namespace}/` : ""}${name}`;
  const why =
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ` +
    `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`;
  throw conflict(info, name, why);
}
