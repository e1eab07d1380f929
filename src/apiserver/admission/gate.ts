import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Service } from "../../api/generated/core-v1.ts";
import type { Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import type { KubeObject } from "../../api/object.ts";
import { admitDeployment } from "../../plan/gate/admit-deployment.ts";
import { RELEASE_CONTROLLER } from "../auth/engine-users.ts";
import type { Admitter } from "./admitter.ts";

/** Shuts the gate of a Deployment in the write that brings a new template, and opens it in the one that goes back. */
export const gate: Admitter = {
  name: "Gate",
  resources: new Set(["apps/deployments"]),
  admit(old, object, request) {
    const { subresource, namespace, objects, user } = request;
    if (subresource !== undefined && subresource !== "scale") return object;
    const list = <T extends KubeObject>(resource: string): readonly T[] =>
      objects.list(resource, namespace) as readonly T[];
    const admitted = admitDeployment(old as Deployment | undefined, object as Deployment, {
      policies: list<ReleasePolicy>("sluice.dev/releasepolicies"),
      releases: list<Release>("sluice.dev/releases"),
      replicaSets: list<ReplicaSet>("apps/replicasets"),
      services: list<Service>("/services"),
      byReleaseController: user.username === RELEASE_CONTROLLER.username,
    });
    if (admitted.meant !== admitted.object) request.validate(admitted.meant);
    return admitted.object;
  },
};
