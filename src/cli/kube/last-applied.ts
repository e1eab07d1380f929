import { encodeGoJson } from "../../lib/go-format.ts";
import { isJsonObject, type JsonObject, type JsonValue, objectOf, textOf } from "../../lib/json.ts";

/** Where client-side apply keeps the manifest that it applied last. */
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The manifest with itself in the annotation. */
export function withLastApplied(manifest: JsonObject): JsonObject {
  const metadata = objectOf(manifest["metadata"]);
  const { [LAST_APPLIED]: _, ...annotations } = objectOf(metadata["annotations"]);
  const plain = { ...manifest, metadata: { ...metadata, annotations } };
  const text = `${encodeGoJson(plain)}\n`;
  return { ...manifest, metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: text } } };
}

/** The manifest that was applied last; undefined when the object was never applied, or the annotation is spoiled. */
export function lastApplied(live: JsonObject): JsonObject | undefined {
  const text = textOf(objectOf(objectOf(live["metadata"])["annotations"])[LAST_APPLIED]);
  if (text === "") return undefined;
  try {
    const manifest = JSON.parse(text) as JsonValue;
    return isJsonObject(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}
