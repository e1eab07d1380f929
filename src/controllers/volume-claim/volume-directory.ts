/** The disk on which the volumes of our class live. */
export interface VolumeDirectory {
  /** Where volumes are made; the agent makes each one when a pod first mounts it. */
  readonly path: string;
  /** Deletes a volume's directory with everything in it. Paths outside `path` are refused. */
  remove(volume: string): Promise<void>;
}
