import { SUPERUSERS, type User } from "./user.ts";

/** The parts of the engine as users of its API. Those in the control process need no credentials. */

const part = (username: string): User => ({ username, groups: [SUPERUSERS] });

/** The API server itself, which puts its own Service into place. */
export const API_SERVER: User = part("system:apiserver");
/** The controllers that make Kubernetes of the API; endpoints of pods are theirs to write. */
export const CONTROLLERS: User = part("system:kube-controller-manager");
/** Opens and shuts the gate of Deployments. */
export const RELEASE_CONTROLLER: User = part("system:sluice:release-controller");
/** Places pods. */
export const SCHEDULER: User = part("system:kube-scheduler");
