import type { Container, Pod, Volume } from "../../api/generated/core-v1.ts";

/** The names of the objects that a pod refers to in its namespace. */
export interface References {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
  readonly claims: ReadonlySet<string>;
}

interface Named {
  readonly configMap?: string | undefined;
  readonly secret?: string | undefined;
  readonly claim?: string | undefined;
}

export function referencesOf({ spec }: Pod): References {
  const named = [
    ...[...spec.containers, ...(spec.initContainers ?? [])].flatMap(ofContainer),
    ...(spec.volumes ?? []).flatMap(ofVolume),
  ];
  const names = (kind: keyof Named): ReadonlySet<string> => new Set(named.flatMap((one) => one[kind] || []));
  return { configMaps: names("configMap"), secrets: names("secret"), claims: names("claim") };
}

function ofContainer({ env = [], envFrom = [] }: Container): readonly Named[] {
  return [
    ...env.map(({ valueFrom }) => ({
      configMap: valueFrom?.configMapKeyRef?.name,
      secret: valueFrom?.secretKeyRef?.name,
    })),
    ...envFrom.map(({ configMapRef, secretRef }) => ({ configMap: configMapRef?.name, secret: secretRef?.name })),
  ];
}

function ofVolume({ configMap, secret, projected, persistentVolumeClaim }: Volume): readonly Named[] {
  return [
    { configMap: configMap?.name, secret: secret?.secretName, claim: persistentVolumeClaim?.claimName },
    ...(projected?.sources ?? []).map((source) => ({ configMap: source.configMap?.name, secret: source.secret?.name })),
  ];
}
