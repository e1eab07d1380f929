import { quoteGo } from "../../lib/go-format.ts";
import { labelKeyProblems } from "../../lib/label-syntax.ts";
import { isStandardFinalizer } from "../validation/object-meta.ts";
import { METADATA, type Warnings } from "./warnings.ts";

const PATH = METADATA.child("finalizers").toString();

/**
 * Finalizers that are new to a custom object and that nobody can tell apart from somebody else's.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#finalizers
 */
export function warnOfFinalizers(
  finalizers: readonly string[] | undefined,
  old: readonly string[] | undefined,
  warnings: Warnings,
): void {
  if (!finalizers) return;
  const added = new Set(finalizers).difference(new Set(old));
  for (const name of [...added].sort()) {
    const warn = (text: string): void => warnings.add(`${PATH}: ${quoteGo(name)}: ${text}`);
    labelKeyProblems(name).forEach(warn);
    if (name.includes("/") || isStandardFinalizer(name)) continue;
    const path = name.includes(".") ? " including a path (/)" : "";
    warn(`prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`);
  }
}
