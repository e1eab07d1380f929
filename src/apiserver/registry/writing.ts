import type { KubeObject, ObjectMeta, OwnerReference } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import { updateRules } from "../../api/strategy/update-rules.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { warningsOnCreate, warningsOnUpdate } from "../../api/warnings/object-warnings.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Random, randomSuffix } from "../../lib/random.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { admit, type Admitter, type AdmissionRequest, type AdmissionView } from "../admission/admitter.ts";
import type { KindHooks } from "./kind-hooks.ts";
import { invalidField, modified } from "./failures.ts";
import { checkChange, checkNew, preparedChange, preparedNew, withDefaults } from "./machinery.ts";
import { type FieldWrite, sameButForTimes, withTrackedFields } from "./managed-fields.ts";
import { orderedMeta, withMeta } from "./object-meta.ts";
import type { RequestContext, WriteOptions } from "./request-context.ts";
import type { StoredKind } from "./stored-kind.ts";

export interface WritingDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly admitters: readonly Admitter[];
  readonly view: AdmissionView;
}

/** One write, as the stages see it through which an object goes on its way into the store. */
export interface Write {
  /** In the version of the request. */
  readonly info: ResourceInfo;
  readonly kind: StoredKind;
  readonly namespace?: string;
  readonly subresource?: string;
  /** The subresource that the object itself goes through; a write of `scale` is one of the whole object. */
  readonly part: string | undefined;
  readonly context: RequestContext;
  readonly options: WriteOptions;
  readonly hooks: KindHooks | undefined;
}

/** What a client wants an object to be, in the version of the request. */
export interface Wanted {
  readonly object: KubeObject;
  /** The managed fields are in it already (server-side apply). */
  readonly tracked: boolean;
}

/**
 * The object that a create makes of what the client wants, all but its resourceVersion: managed fields, admission, what the
 * kind sets itself, validation.
 */
export function created(deps: WritingDeps, write: Write, wanted: Wanted): KubeObject {
  const { kind } = write;
  const now = deps.clock.now();
  const object = withoutSystemFields(normalised(write, wanted.object));
  const owned = wanted.tracked ? object : withTrackedFields(fieldWrite(write, now), undefined, object);
  const admitted = admit(deps.admitters, undefined, kind.stored(owned), admissionOf(deps, write, undefined));
  const named = withGeneratedName(withSystemFields(deps, admitted), deps.random);
  const prepared = prepareCreate(write, named, now);
  checkNew(kind.info, prepared, write.info.group);
  if (Number(prepared.metadata.resourceVersion) > 0)
    throw new StatusError("", "resourceVersion should not be set on objects to be created");
  warningsOnCreate(kind.info, prepared).forEach(write.context.warn);
  return prepared;
}

/**
 * The object that an update makes of the current one and of what the client wants; the current one itself when nothing
 * changes. Throws Conflict when the client has seen another version.
 */
export function updated(deps: WritingDeps, write: Write, current: KubeObject, wanted: Wanted): KubeObject {
  const { info, kind, part } = write;
  const live = kind.view(current);
  const object = normalised(write, wanted.object);
  const owned = wanted.tracked ? object : withTrackedFields(fieldWrite(write, deps.clock.now()), live, object);
  const admitted = admit(deps.admitters, current, kind.stored(owned), admissionOf(deps, write, current));
  checkVersion(info, current, object);
  const prepared = prepareUpdate(write, current, withFixedFields(current, admitted));
  checkChange(kind.info, current, prepared, part, info.group);
  if (part === undefined) warningsOnUpdate(kind.info, prepared, current).forEach(write.context.warn);
  return sameButForTimes(current, prepared) ? current : prepared;
}

/** What the client wants, complete: in its namespace, with defaults, each owner once. */
function normalised(write: Write, wanted: KubeObject): KubeObject {
  return withUniqueOwners(withDefaults(write.info, withNamespace(wanted, write)), write.context);
}

/** Who owns the fields of a write, and when it is made. `now`: milliseconds. */
export function fieldWrite({ info, subresource, context, options }: Write, now: number): FieldWrite {
  const manager = options.fieldManager ?? context.manager;
  return { info, manager, ...(subresource !== undefined && { subresource }), now };
}

function prepareCreate({ kind, hooks, options }: Write, object: KubeObject, now: number): KubeObject {
  return preparedNew(kind.info, hooks ? hooks.prepare(undefined, object, options.dryRun) : object, now);
}

function prepareUpdate({ kind, part, hooks, options }: Write, current: KubeObject, object: KubeObject): KubeObject {
  const complete = hooks && part === undefined ? hooks.prepare(current, object, options.dryRun) : object;
  return preparedChange(kind.info, current, complete, part);
}

function admissionOf(deps: WritingDeps, write: Write, old: KubeObject | undefined): AdmissionRequest {
  const { kind, namespace, subresource, part, context, options } = write;
  return {
    operation: old ? "update" : "create",
    info: kind.info,
    ...(subresource !== undefined && { subresource }),
    ...(namespace !== undefined && { namespace }),
    user: context.user,
    dryRun: options.dryRun,
    objects: deps.view,
    warn: context.warn,
    validate: (object) =>
      old
        ? checkChange(kind.info, old, prepareUpdate(write, old, withFixedFields(old, object)), part, write.info.group)
        : checkNew(kind.info, prepareCreate(write, object, deps.clock.now()), write.info.group),
  };
}

/** Fills in the namespace of the URL; throws BadRequest when the object names another. */
function withNamespace(object: KubeObject, { info, namespace }: Write): KubeObject {
  const given = object.metadata.namespace ?? "";
  if (!info.namespaced) return given === "" ? object : withMeta(object, { namespace: "" });
  if (given === namespace) return object;
  if (given !== "")
    throw new StatusError(
      "BadRequest",
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  return withMeta(object, { namespace: namespace ?? "" });
}

/** A new object without what nobody says of one but the server. */
function withoutSystemFields(object: KubeObject): KubeObject {
  const {
    uid: _,
    creationTimestamp: _c,
    deletionTimestamp: _d,
    deletionGracePeriodSeconds: _g,
    selfLink: _s,
    ...metadata
  } = object.metadata as ObjectMeta;
  return { ...object, metadata: metadata as KubeObject["metadata"] };
}

function withSystemFields(deps: WritingDeps, object: KubeObject): KubeObject {
  const own = { uid: deps.random.uuid(), creationTimestamp: formatTimestamp(deps.clock.now()) };
  return { ...object, metadata: orderedMeta({ ...object.metadata, ...own }) as KubeObject["metadata"] };
}

/** Of a drawn name at most 58 characters are the client's own and 5 are drawn. */
function withGeneratedName(object: KubeObject, random: Random): KubeObject {
  const { name, generateName } = object.metadata;
  if (name || !generateName) return object;
  return withMeta(object, { name: generateName.slice(0, 58) + randomSuffix(random) });
}

/**
 * What no update changes, whatever the client sends, or is as it was when the client does not send it. That somebody tries to
 * change the rest of the metadata is for validation to see.
 */
function withFixedFields(current: KubeObject, object: KubeObject): KubeObject {
  const { uid, creationTimestamp, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds } = current.metadata;
  const { selfLink: _, ...meta } = object.metadata as ObjectMeta;
  const fixed: ObjectMeta = {
    ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
    ...meta,
    uid: meta.uid || uid,
    resourceVersion,
    creationTimestamp,
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
  };
  return { ...object, metadata: orderedMeta(fixed) as KubeObject["metadata"] };
}

function checkVersion(info: ResourceInfo, current: KubeObject, object: KubeObject): void {
  const { resourceVersion } = object.metadata as ObjectMeta;
  const { name } = current.metadata;
  if (!resourceVersion || resourceVersion === "0") {
    if (updateRules(info).allowUnconditional) return;
    const kind = { group: info.group, kind: info.plural };
    throw invalidField(kind, name, "metadata.resourceVersion", 0, "must be specified for an update");
  }
  checkNumber(resourceVersion);
  if (resourceVersion !== current.metadata.resourceVersion) throw modified(info, name);
}

function checkNumber(resourceVersion: string): void {
  if (!/^\d+$/.test(resourceVersion))
    throw new StatusError("", `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`);
}

/** What an update creates for want of an object to change: which version the client has seen is of no matter, if it is one. */
export function wantedAnew({ object, tracked }: Wanted): Wanted {
  const { resourceVersion, ...metadata } = object.metadata as ObjectMeta;
  if (!resourceVersion) return { object, tracked };
  checkNumber(resourceVersion);
  return { object: { ...object, metadata: metadata as KubeObject["metadata"] }, tracked };
}

/** An owner that is named twice is kept once, with a warning. */
function withUniqueOwners(object: KubeObject, { warn }: RequestContext): KubeObject {
  const owners = object.metadata.ownerReferences;
  if (!owners || owners.length < 2) return object;
  const byUid = new Map<string, OwnerReference[]>();
  const unique: OwnerReference[] = [];
  const repeated = new Set<string>();
  for (const owner of owners) {
    const known = byUid.get(owner.uid);
    if (known?.some((other) => sameOwner(other, owner))) repeated.add(owner.uid);
    else {
      unique.push(owner);
      if (known) known.push(owner);
      else byUid.set(owner.uid, [owner]);
    }
  }
  if (repeated.size === 0) return object;
  warn(
    ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject " +
      `such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...repeated].join(", ")}`,
  );
  return withMeta(object, { ownerReferences: unique });
}

function sameOwner(a: OwnerReference, b: OwnerReference): boolean {
  return (
    a.apiVersion === b.apiVersion &&
    a.kind === b.kind &&
    a.name === b.name &&
    a.uid === b.uid &&
    a.controller === b.controller &&
    a.blockOwnerDeletion === b.blockOwnerDeletion
  );
}
