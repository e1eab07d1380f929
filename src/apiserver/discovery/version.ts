/** The Kubernetes whose API is served; clients choose their features by it. */
const [MAJOR, MINOR, PATCH] = ["1", "36", "3"] as const;

export const KUBERNETES_VERSION: string = `v${MAJOR}.${MINOR}.${PATCH}`;

/** The answer of /version. https://kubernetes.io/docs/reference/kubectl/generated/kubectl_version/ */
export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly emulationMajor: string;
  readonly emulationMinor: string;
  readonly minCompatibilityMajor: string;
  readonly minCompatibilityMinor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

/** `own`: our own version, which stands behind Kubernetes' (`v1.36.3+sluice.0.1.0`). */
export function versionInfo(own: string): VersionInfo {
  return {
    major: MAJOR,
    minor: MINOR,
    emulationMajor: MAJOR,
    emulationMinor: MINOR,
    minCompatibilityMajor: MAJOR,
    minCompatibilityMinor: "35",
    gitVersion: `${KUBERNETES_VERSION}+sluice.${own}`,
    gitCommit: own,
    gitTreeState: "",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: `node${process.versions.node}`,
    compiler: "gc",
    platform: `linux/${process.arch === "x64" ? "amd64" : process.arch}`,
  };
}
