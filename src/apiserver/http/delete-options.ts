import { decodeObject } from "../../api/decode/decode-object.ts";
import { StatusError } from "../../api/status-error.ts";
import type { TypeTable } from "../../api/table/type-table.ts";
import { FieldErrors } from "../../api/validation/field-errors.ts";
import { FieldPath } from "../../api/validation/field-path.ts";
import type { DeletionOptions } from "../registry/deletion.ts";
import { checkOptions } from "../registry/failures.ts";
import type { Exchange } from "./exchange.ts";
import { bodyMediaType } from "./media-type.ts";
import { checkDryRun } from "./write-options.ts";

/** As they stand in a body or a query, unchecked. */
interface GivenOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly orphanDependents?: boolean;
  readonly propagationPolicy?: string;
  readonly dryRun?: readonly string[];
}

const POLICIES = ["Foreground", "Background", "Orphan"];

/** The options of a deletion: those of the body, or without one those of the query. Throws Invalid. */
export async function parseDeletion(exchange: Exchange, types: TypeTable): Promise<DeletionOptions> {
  const body = await exchange.body();
  const given = body.length > 0 ? fromBody(exchange, body, types) : fromQuery(exchange.query);
  const { dryRun = [], propagationPolicy, ...rest } = given;
  const errors = new FieldErrors();
  checkPolicy(given, errors);
  checkDryRun(dryRun, errors);
  checkOptions("DeleteOptions", errors);
  return {
    ...rest,
    ...(propagationPolicy && { propagationPolicy: propagationPolicy as "Background" | "Foreground" | "Orphan" }),
    dryRun: dryRun.length > 0,
  };
}

function fromBody(exchange: Exchange, body: Buffer, types: TypeTable): GivenOptions {
  const kind = types.findType("v1", "DeleteOptions");
  if (!kind) throw new Error("the table does not know DeleteOptions");
  const { object } = decodeObject(kind, body, bodyMediaType(exchange.header("content-type")), types);
  return object as GivenOptions;
}

function fromQuery(query: URLSearchParams): GivenOptions {
  const grace = query.get("gracePeriodSeconds");
  const orphan = query.get("orphanDependents");
  const policy = query.get("propagationPolicy");
  if (grace !== null && !/^[-+]?\d+$/.test(grace))
    throw new StatusError("BadRequest", `strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  return {
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
    ...(orphan !== null && { orphanDependents: orphan !== "false" && orphan !== "0" }),
    ...(policy !== null && { propagationPolicy: policy }),
    dryRun: query.getAll("dryRun"),
  };
}

function checkPolicy({ propagationPolicy: policy, orphanDependents }: GivenOptions, errors: FieldErrors): void {
  if (!policy) return;
  const path = FieldPath.of("propagationPolicy");
  if (orphanDependents !== undefined)
    errors.invalid(path, policy, "orphanDependents and deletionPropagation cannot be both set");
  else if (!POLICIES.includes(policy)) errors.notSupported(path, policy, [...POLICIES, "nil"]);
}
