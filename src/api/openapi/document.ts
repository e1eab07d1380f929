import type { JsonObject, MutableJsonObject } from "../../lib/json.ts";
import type { ResourceInfo, TypeTable } from "../table/type-table.ts";
import { groupVersionPath, pathsOf } from "./paths.ts";
import { SchemaWriter } from "./schema-writer.ts";

/**
 * OpenAPI documents. Clients use them to see whether the server validates fields itself (it does), and for `kubectl
 * explain`. They are small: one group version each, without what nobody reads. Building one costs some milliseconds; keep
 * what you build.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
 */

/** The keys of the index `/openapi/v3`: `api/v1`, `apis/apps/v1`, in the order of discovery. */
export function openApiGroupVersions(types: TypeTable): string[] {
  return types.groups.flatMap(({ name, versions }) =>
    versions.map((version) => groupVersionPath(name, version).slice(1)),
  );
}

/** The document of `/openapi/v3/<key>`; undefined when there is no such group version. */
export function openApiV3(types: TypeTable, key: string, version: string): JsonObject | undefined {
  const resources = types.resources.filter((info) => groupVersionPath(info.group, info.version).slice(1) === key);
  if (resources.length === 0) return undefined;
  const writer = new SchemaWriter("#/components/schemas/");
  for (const info of resources) writer.kind(info);
  return {
    openapi: "3.0.0",
    info: infoOf(version),
    paths: allPaths(resources),
    components: { schemas: writer.definitions },
  };
}

/** The document of `/openapi/v2` as JSON: the definitions of everything. */
export function openApiV2(types: TypeTable, version: string): JsonObject {
  const writer = new SchemaWriter("#/definitions/");
  for (const info of types.resources) writer.kind(info);
  return { swagger: "2.0", info: infoOf(version), paths: {}, definitions: writer.definitions };
}

function infoOf(version: string): JsonObject {
  return { title: "Kubernetes", version };
}

function allPaths(resources: readonly ResourceInfo[]): JsonObject {
  const paths: MutableJsonObject = {};
  for (const info of resources) Object.assign(paths, pathsOf(info));
  return paths;
}

/** Protobuf wire type of strings and messages. */
const LENGTH_DELIMITED = 2;

/**
 * The document of `/openapi/v2` as protobuf (`openapi.v2.Document`), for kubectl before 1.29: it only has to be there, and
 * to say nothing of validation, which is left to the server.
 */
export function openApiV2Stub(version: string): Uint8Array {
  const info = [...field(1, text("Kubernetes")), ...field(2, text(version))];
  return new Uint8Array([...field(1, text("2.0")), ...field(2, info)]);
}

function text(value: string): number[] {
  return [...new TextEncoder().encode(value)];
}

/** One protobuf field. */
function field(number: number, bytes: readonly number[]): number[] {
  return [(number << 3) | LENGTH_DELIMITED, ...varint(bytes.length), ...bytes];
}

/** Seven bits a byte, the lowest first: 300 → `ac 02`. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
