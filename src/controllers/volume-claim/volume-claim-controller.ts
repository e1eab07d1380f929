import type { PersistentVolume, PersistentVolumeClaim } from "../../api/generated/core-v1.ts";
import { persistentvolumeclaims, persistentvolumes, pods, storageclasses } from "../../api/generated/resources.ts";
import { keyOf } from "../../api/object.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import { Controller, type Outcome, ownKey, source } from "../../client/controller.ts";
import type { EventRecorder } from "../../client/event-recorder.ts";
import type { Informer } from "../../client/informer.ts";
import { type ClaimAction, PROVISIONER, planClaim } from "../../plan/volume-claim/claim-plan.ts";
import { planVolume, type VolumeAction } from "../../plan/volume-claim/volume-plan.ts";
import { type ControllerDeps, DONE, recorderFor } from "../controller-deps.ts";
import type { VolumeDirectory } from "./volume-directory.ts";

/** Name of the class whose volumes are directories of this machine. */
export const CLASS = "sluice";

export interface VolumeClaimDeps extends ControllerDeps {
  /** Absent: no volumes are made here, claims wait for others'. */
  readonly volumes?: VolumeDirectory;
}

/** Binds claims to volumes and makes volumes of our class (src/plan/volume-claim). */
export class VolumeClaimController implements AsyncDisposable {
  readonly #deps: VolumeClaimDeps;
  readonly #events: EventRecorder;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #controllers: readonly Controller[];

  constructor(deps: VolumeClaimDeps) {
    this.#deps = deps;
    const { informers } = deps;
    this.#events = recorderFor(deps, "persistentvolume-controller");
    this.#claims = informers.of(persistentvolumeclaims);
    this.#volumes = informers.of(persistentvolumes);
    const claims = new Controller({
      ...deps,
      name: "volume-claim",
      sources: [
        source(this.#claims, ownKey),
        source(this.#volumes, ({ spec }) => (spec.claimRef ? [claimKey(spec.claimRef)] : this.#waiting())),
        source(informers.of(storageclasses), () => this.#waiting()),
        source(informers.of(pods), ({ metadata, spec }) =>
          (spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
            persistentVolumeClaim ? [`${metadata.namespace}/${persistentVolumeClaim.claimName}`] : [],
          ),
        ),
      ],
      // One after the other, so that two claims never take the same volume.
      workers: 1,
      reconcile: (key) => this.#reconcileClaim(key),
    });
    const volumes = new Controller({
      ...deps,
      name: "volume",
      sources: [
        source(this.#volumes, ownKey),
        source(this.#claims, ({ spec }) => (spec.volumeName ? [spec.volumeName] : [])),
      ],
      reconcile: (key) => this.#reconcileVolume(key),
    });
    this.#controllers = [claims.start(), volumes.start()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#controllers.map((controller) => controller[Symbol.asyncDispose]()));
    await this.#events[Symbol.asyncDispose]();
  }

  #waiting(): readonly string[] {
    return this.#claims
      .list()
      .filter(({ status }) => status?.phase !== "Bound")
      .map(keyOf);
  }

  async #reconcileClaim(key: string): Promise<Outcome> {
    const claim = this.#claims.get(key);
    if (!claim) return DONE;
    const { informers, client } = this.#deps;
    const { actions, status } = planClaim({
      claim,
      volumes: this.#volumes.list(),
      classes: informers.of(storageclasses).list(),
      pods: informers.of(pods).inNamespace(claim.metadata.namespace ?? ""),
    });
    for (const action of actions) await this.#applyToClaim(claim, action);
    if (status && actions.every(({ kind }) => kind === "event")) {
      const written = await client.update(persistentvolumeclaims, { ...claim, status }, { subresource: "status" });
      await this.#claims.reached(written.metadata.resourceVersion);
    }
    return DONE;
  }

  async #applyToClaim(claim: PersistentVolumeClaim, action: ClaimAction): Promise<void> {
    const { client } = this.#deps;
    if (action.kind === "event") this.#events.record(claim, action);
    else if (action.kind === "updateClaim") {
      const written = await client.update(persistentvolumeclaims, action.object);
      // A claim whose last finalizer went is gone with this write.
      if (action.object.metadata.deletionTimestamp === undefined)
        await this.#claims.reached(written.metadata.resourceVersion);
    } else {
      try {
        const written =
          action.kind === "createVolume"
            ? await client.create(persistentvolumes, action.object)
            : await client.update(persistentvolumes, action.object);
        await this.#volumes.reached(written.metadata.resourceVersion);
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    }
  }

  async #reconcileVolume(name: string): Promise<Outcome> {
    const volume = this.#volumes.get(name);
    if (!volume) return DONE;
    const { clock, client } = this.#deps;
    const { claimRef } = volume.spec;
    const claim = claimRef && this.#claims.get(claimKey(claimRef));
    const { actions, status } = planVolume({ volume, ...(claim && { claim }) }, clock.now());
    const newest = status
      ? await client.update(persistentvolumes, { ...volume, status }, { subresource: "status" })
      : volume;
    for (const action of actions) await this.#applyToVolume(newest, action);
    return DONE;
  }

  async #applyToVolume({ metadata }: PersistentVolume, action: VolumeAction): Promise<void> {
    const { client, volumes } = this.#deps;
    const { name, uid, resourceVersion } = metadata;
    try {
      if (action.kind === "updateVolume") {
        const object = { ...action.object, metadata: { ...action.object.metadata, resourceVersion } };
        await client.update(persistentvolumes, object);
      } else if (volumes) {
        await volumes.remove(action.path);
        await client.delete(persistentvolumes, name, undefined, { preconditions: { uid } });
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function claimKey({ namespace = "", name = "" }: { readonly namespace?: string; readonly name?: string }): string {
  return `${namespace}/${name}`;
}

/** Puts our class into place, as the one for claims that name none. */
export async function ensureStorageClass({ client, volumes }: VolumeClaimDeps): Promise<void> {
  if (!volumes) return;
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  try {
    await client.create(storageclasses, {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: CLASS, annotations },
      provisioner: PROVISIONER,
      parameters: { directory: volumes.path },
      reclaimPolicy: "Delete",
      volumeBindingMode: "Immediate",
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
