import type { User } from "../auth/user.ts";

/** Who makes a request of the registry, and where its warnings go. */
export interface RequestContext {
  readonly user: User;
  /** Name under which written fields are owned (metadata.managedFields) when the request names none. */
  readonly manager: string;
  readonly warn: (text: string) => void;
}

export interface WriteOptions {
  readonly dryRun: boolean;
  /** Overrides the manager of the context. */
  readonly fieldManager?: string;
}
