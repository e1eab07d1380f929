import { quoteGo } from "../../lib/go-format.ts";
import { StatusError } from "../status-error.ts";
import { formatPath, type Path } from "./field-set.ts";
import type { Owner } from "./owners.ts";

/** A field that an apply would change although somebody else owns it. */
export interface Conflict {
  readonly owner: Owner;
  readonly path: Path;
}

/** The Conflict that Kubernetes answers; conflicts are in the order of their owners' ids. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  return new StatusError("Conflict", messageOf(conflicts), {
    causes: conflicts.map(({ owner, path }) => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${describe(owner)}`,
      field: formatPath(path),
    })),
  });
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first && conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${describe(first.owner)}: ${formatPath(first.path)}`;
  const lines: string[] = [];
  let owner: Owner | undefined;
  for (const conflict of conflicts) {
    if (conflict.owner !== owner) lines.push(`conflicts with ${describe(conflict.owner)}:`);
    owner = conflict.owner;
    lines.push(`- ${formatPath(conflict.path)}`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

function describe({ manager, subresource, operation, apiVersion }: Owner): string {
  const through = subresource === "" ? "" : ` with subresource ${quoteGo(subresource)}`;
  const using = operation === "Update" ? ` using ${apiVersion}` : "";
  return `${quoteGo(manager)}${through}${using}`;
}
