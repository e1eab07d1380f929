import type { ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import type { Draft as ObjectDraft } from "../../api/object.ts";
import { parseImageReference } from "../../lib/image-reference.ts";
import type { UserValues } from "../gate/gate.ts";
import { hashOf, setWithHash } from "../gate/released-set.ts";
import { DEPLOYMENT_LABEL, releaseName } from "../gate/names.ts";
import type { Situation } from "./situation.ts";

const REVISION = "deployment.kubernetes.io/revision";

/** The Release of a template behind a shut gate; undefined until the Deployment controller has made its set. */
export function newRelease(s: Situation, policy: ReleasePolicy): ObjectDraft<Release> | undefined {
  const { gate, current, deployment } = s;
  const stable = setWithHash(s.view.replicaSets, gate?.stable);
  const revision = current?.metadata.annotations?.[REVISION];
  if (!s.shut || !gate || !current || !stable || revision === undefined) return undefined;
  const { name, namespace = "default", uid } = deployment.metadata;
  const taken = new Set(s.view.releases.map(({ metadata }) => metadata.name));
  const versions = versionNames(stable, current);
  return {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Release",
    metadata: {
      name: releaseName(name, revision, taken),
      namespace,
      labels: { [DEPLOYMENT_LABEL]: name },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name, uid }],
    },
    spec: {
      targetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      policy: policy.metadata.name,
      version: versions.new,
      fromVersion: versions.old,
      templateHash: hashOf(current),
      stableHash: hashOf(stable),
      generation: deployment.metadata.generation ?? 0,
      user: copyOf(gate.user),
    },
  };
}

/** The user's values, for when the annotation is lost. */
function copyOf({ strategy, ...others }: UserValues): NonNullable<Release["spec"]["user"]> {
  return strategy ? { ...others, strategy: { ...strategy } } : others;
}

/**
 * What people call the two versions: the tags of the first container whose image differs. When no image does (another
 * variable, a restart), the template hash tells them apart.
 */
export function versionNames(old: ReplicaSet, fresh: ReplicaSet): { readonly old: string; readonly new: string } {
  const before = imagesOf(old);
  const after = imagesOf(fresh);
  const changed = [...after].find(([container, image]) => before.has(container) && before.get(container) !== image);
  if (changed) {
    const [was, is] = [before.get(changed[0]) ?? "", changed[1]];
    return tagOf(was) === tagOf(is) ? { old: was, new: is } : { old: tagOf(was), new: tagOf(is) };
  }
  const tag = tagOf([...after.values()][0] ?? "");
  return { old: `${tag} (${hashOf(old)})`, new: `${tag} (${hashOf(fresh)})` };
}

function imagesOf(set: ReplicaSet): ReadonlyMap<string, string> {
  return new Map((set.spec.template?.spec?.containers ?? []).map(({ name, image = "" }) => [name, image]));
}

function tagOf(image: string): string {
  const reference = parseImageReference(image);
  return reference?.tag ?? reference?.digest?.slice(0, 19) ?? image;
}
