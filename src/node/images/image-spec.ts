/**
 * The JSON documents of an OCI image layout, as far as they are used.
 * https://github.com/opencontainers/image-spec (image-layout.md, manifest.md, config.md)
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
}

export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly created?: string;
  readonly config?: RunConfig;
  readonly rootfs: { readonly type: "layers"; readonly diff_ids: readonly string[] };
  readonly history?: readonly {
    readonly created_by?: string;
    readonly created?: string;
    readonly empty_layer?: boolean;
  }[];
}

/** How a program of the image is to be run. */
export interface RunConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
}

export const MEDIA_TYPES = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** Annotation with the full name of an image; containerd and others use the same. */
export const NAME_ANNOTATION = "io.containerd.image.name";
/** Annotation with the tag (image-spec annotations.md). */
export const TAG_ANNOTATION = "org.opencontainers.image.ref.name";

/** This machine's architecture as Go and OCI name it. */
export function ociArchitecture(nodeArchitecture: string): string {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };
  return names[nodeArchitecture] ?? nodeArchitecture;
}
