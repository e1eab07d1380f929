import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { StatusError } from "../status-error.ts";
import type { KindInfo } from "../table/type-table.ts";
import { applyJsonPatch, parseJsonPatch } from "./json-patch.ts";
import { applyMergePatch, parseMergePatch } from "./merge-patch.ts";
import { applyStrategicMerge, parseStrategicPatch } from "./strategic-merge.ts";

/** The patches that change what is there; apply (src/api/apply) is another matter. */
export type PatchType = "json" | "merge" | "strategic";

/** By media type of the request. */
export const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
};

export interface Patched {
  /** Still to be decoded and defaulted; a JSON patch may make anything of an object. */
  readonly document: JsonValue;
  /** What field validation has to say of the patch itself, before the document is looked at. */
  readonly unknownFields: readonly string[];
}

/**
 * Applies the body of a PATCH request to the document that clients of this kind see. The document is not changed. Throws a
 * StatusError in Kubernetes' words; custom kinds know no strategic patch (415).
 */
export function applyPatch(info: KindInfo, type: PatchType, document: JsonObject, body: JsonValue): Patched {
  switch (type) {
    case "json": {
      const patch = parseJsonPatch(body);
      return { document: applyJsonPatch(document, patch), unknownFields: patch.unknownFields };
    }
    case "merge":
      return { document: applyMergePatch(document, parseMergePatch(body)), unknownFields: [] };
    case "strategic":
      if (info.custom) throw unsupported();
      return { document: applyStrategicMerge(document, parseStrategicPatch(body), info.schema), unknownFields: [] };
  }
}

function unsupported(): StatusError {
  return new StatusError(
    "UnsupportedMediaType",
    "the body of the request was in an unknown format - accepted media types include: " +
      "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
  );
}
