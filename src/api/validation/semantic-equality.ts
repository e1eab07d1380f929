/**
 * Whether two parts of objects mean the same, as Kubernetes' semantic equality has it: absent, null and empty are one.
 * Quantities and times need no care: objects hold them in canonical form.
 */
export function isDeepEqual(a: unknown, b: unknown): boolean {
  if (a === b || (isNothing(a) && isNothing(b))) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => isDeepEqual(item, b[i]))
    );
  return areMembersEqual(a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>);
}

function areMembersEqual(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  for (const name of Object.keys(a)) if (!isDeepEqual(a[name], b[name])) return false;
  for (const name of Object.keys(b)) if (!(name in a) && !isNothing(b[name])) return false;
  return true;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
