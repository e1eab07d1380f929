import type { MediaType } from "../../api/decode/decode-object.ts";
import { PATCH_TYPES, type PatchType } from "../../api/patch/patch.ts";
import { StatusError } from "../../api/status-error.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";

const BODIES: Readonly<Record<string, MediaType>> = {
  "": "json",
  "application/json": "json",
  "application/yaml": "yaml",
  "application/vnd.kubernetes.protobuf": "protobuf",
};

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
const PATCHES: Readonly<Record<string, PatchType | "apply">> = {
  ...PATCH_TYPES,
  "application/apply-patch+yaml": "apply",
};

/** The form of a body by its Content-Type; JSON without one. Throws UnsupportedMediaType. */
export function bodyMediaType(contentType: string | undefined): MediaType {
  return BODIES[bare(contentType)] ?? unknownFormat(Object.keys(BODIES).filter((type) => type !== ""));
}

/** The form of a patch by its Content-Type. Throws UnsupportedMediaType. */
export function patchMediaType(
  contentType: string | undefined,
  info: Pick<ResourceInfo, "custom">,
): PatchType | "apply" {
  const patch = PATCHES[bare(contentType)];
  if (!patch) throw new StatusError("UnsupportedMediaType", "415: Unsupported Media Type", {});
  if (patch !== "strategic" || !info.custom) return patch;
  return unknownFormat(Object.keys(PATCHES).filter((type) => PATCHES[type] !== "strategic"));
}

function bare(contentType: string | undefined): string {
  return (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function unknownFormat(accepted: readonly string[]): never {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
  throw new StatusError("UnsupportedMediaType", message);
}
