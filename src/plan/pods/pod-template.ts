import type { PodTemplateSpec } from "../../api/generated/core-v1.ts";

/** Label that tells the pods of one template of a Deployment from those of another. */
export const TEMPLATE_HASH_LABEL = "pod-template-hash";

/** Alphabet of name suffixes in Kubernetes: no vowels, so that no words arise. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** 27^7 > 2^32: seven characters hold any 32-bit hash. */
const HASH_LENGTH = 7;

/** Fields that are maps in Kubernetes: empty and absent mean the same (an empty *struct* is something else). */
const MAPS: ReadonlySet<string> = new Set([
  "annotations",
  "labels",
  "limits",
  "matchLabels",
  "nodeSelector",
  "overhead",
  "requests",
]);

/**
 * Whether two templates (as stored, defaults filled in) make the same pods: deeply equal, absent and empty lists being
 * the same, the pod-template-hash label left aside.
 */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return a === b || canonicalTemplate(a) === canonicalTemplate(b);
}

/**
 * Hash of a template: seven characters that are safe in a name and a label. Depends on nothing but the template and
 * `collisionCount`, which is raised when two templates of one Deployment get the same hash.
 */
export function templateHash(template: PodTemplateSpec, collisionCount = 0): string {
  let hash = fnv1a(`${canonicalTemplate(template)}#${collisionCount}`);
  let text = "";
  for (let i = 0; i < HASH_LENGTH; i++) {
    text += ALPHABET.charAt(hash % ALPHABET.length);
    hash = Math.floor(hash / ALPHABET.length);
  }
  return text;
}

/** FNV-1a, 32 bits, over UTF-16 code units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The template of a ReplicaSet as its Deployment had it. */
export function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const labels = template.metadata?.labels;
  if (labels?.[TEMPLATE_HASH_LABEL] === undefined) return template;
  const { [TEMPLATE_HASH_LABEL]: _, ...others } = labels;
  return { ...template, metadata: { ...template.metadata, labels: others } };
}

function canonicalTemplate(template: PodTemplateSpec | undefined): string {
  return template ? canonical(withoutHash(template)) : "";
}

/** JSON with sorted keys, without what Kubernetes treats as absent. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const parts: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (!isAbsent(key, member)) parts.push(`${JSON.stringify(key)}:${canonical(member)}`);
  }
  return `{${parts.join(",")}}`;
}

function isAbsent(key: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return (key === "metadata" || MAPS.has(key)) && typeof value === "object" && Object.keys(value).length === 0;
}
