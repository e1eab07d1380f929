/** What the node agent is to do for a pod. Whatever an action changes shows up in the facts of the next plan. */
export type PodAction =
  /** Give the pod its address, its files and its volumes. */
  | { readonly kind: "prepare"; readonly why: string }
  /** Start the instance; `backoff` is the delay before the restart after it. */
  | {
      readonly kind: "start";
      readonly container: string;
      readonly instance: number;
      readonly hash: string;
      readonly backoff?: { readonly hash: string; readonly delay: number; readonly at: number };
      readonly why: string;
    }
  /** Announce that a restart is delayed. */
  | { readonly kind: "announceBackoff"; readonly container: string; readonly instance: number; readonly why: string }
  /** Announce that the next look for an image is delayed. */
  | { readonly kind: "announceImageBackoff"; readonly container: string; readonly why: string }
  /** Wait until the mesh sends the pod no more requests and those in flight have ended. */
  | { readonly kind: "drain"; readonly why: string }
  /** Begin to stop a container: from now on its grace period runs. `message` is that of the event. */
  | {
      readonly kind: "beginStop";
      readonly container: string;
      readonly instance: number;
      readonly grace: number;
      readonly message: string;
      readonly why: string;
    }
  | {
      readonly kind: "preStop";
      readonly container: string;
      readonly instance: number;
      /** Milliseconds that the hook may take. */
      readonly timeout: number;
      readonly why: string;
    }
  /** Send the stop signal. */
  | { readonly kind: "signal"; readonly container: string; readonly instance: number; readonly why: string }
  /** Send SIGKILL to everything. */
  | { readonly kind: "kill"; readonly container: string; readonly instance: number; readonly why: string }
  /** Nothing runs any more: give address and volumes back. */
  | { readonly kind: "release"; readonly why: string }
  /** Remove the object from the API and everything else that reminds of the pod. */
  | { readonly kind: "delete"; readonly why: string };
