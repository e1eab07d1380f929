import type { Deployment } from "../../api/generated/apps-v1.ts";
import type { Service } from "../../api/generated/core-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import type { Draft } from "../../api/object.ts";
import type { EventAction } from "../event.ts";

/**
 * What the release controller is to do, in order. Updates carry the object as it was read, so that they fail with a Conflict
 * when somebody has changed it since; the next look then starts from what is true.
 */
export type ReleaseAction =
  | { readonly kind: "createService"; readonly object: Draft<Service>; readonly why: string }
  | { readonly kind: "updateService"; readonly object: Service; readonly why: string }
  | { readonly kind: "deleteService"; readonly name: string; readonly why: string }
  | { readonly kind: "createRoute"; readonly object: Draft<HTTPRoute>; readonly why: string }
  | { readonly kind: "updateRoute"; readonly object: HTTPRoute; readonly why: string }
  | { readonly kind: "deleteRoute"; readonly name: string; readonly why: string }
  | { readonly kind: "updateDeployment"; readonly object: Deployment; readonly why: string }
  | { readonly kind: "scaleReplicaSet"; readonly name: string; readonly replicas: number; readonly why: string }
  | { readonly kind: "createRelease"; readonly object: Draft<Release>; readonly why: string }
  | { readonly kind: "deleteRelease"; readonly name: string; readonly why: string }
  | { readonly kind: "updatePolicy"; readonly object: ReleasePolicy; readonly why: string }
  /** The limits at weight `w`, for a data plane that can shut the gate by itself. */
  | {
      readonly kind: "writeTrip";
      readonly release: string;
      readonly session: string;
      readonly w: number;
      readonly why: string;
    }
  | { readonly kind: "deleteTrip"; readonly name: string; readonly why: string }
  | SmokeAction
  | (EventAction & { readonly about: EventSubject });

export interface SmokeAction {
  readonly kind: "smoke";
  readonly session: string;
  readonly index: number;
  readonly pod: string;
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expect: { readonly status: number; readonly bodyContains?: string };
  readonly why: string;
}

/** The object whose events tell it: `kubectl describe` of it shows them. */
export interface EventSubject {
  readonly kind: "Deployment" | "Release" | "ReleasePolicy";
  readonly name: string;
  readonly uid: string;
}
