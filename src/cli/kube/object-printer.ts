import { AppError } from "../../lib/app-error.ts";
import { encodeGoJson } from "../../lib/go-format.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import type { DiscoveredResource } from "./discovered.ts";
import { displayName } from "./targets.ts";

/** Formats that show whole objects, `json`, `yaml`, `name`, `jsonpath=…`; the others are tables. */
export type OutputFormat = string;

/** Turns objects into what is printed of them. */
export interface ObjectPrinter {
  /** One object, or one list of them. */
  print(object: JsonObject): string;
}

const FORMATS = "custom-columns,json,jsonpath,name,wide,yaml";

export function isTable(output: OutputFormat | undefined): boolean {
  return output === undefined || output === "" || output === "wide";
}

/** The printer of a format. Throws AppError `usage` with kubectl's text. `name` has a printer of its own: it needs the resource. */
export async function objectPrinter(output: OutputFormat): Promise<ObjectPrinter> {
  if (output === "json") return { print: (object) => `${encodeGoJson(object, 4)}\n` };
  if (output === "yaml") {
    const { toYaml } = await import("../../api/encode/yaml.ts");
    return { print: (object) => toYaml(object) };
  }
  const template = /^jsonpath=(.*)$/s.exec(output)?.[1];
  if (template === undefined) throw unknownFormat(output);
  const { jsonPathTemplate } = await import("./json-path-template.ts");
  const print = jsonPathTemplate(template);
  return { print };
}

export function unknownFormat(output: OutputFormat): AppError {
  return new AppError(
    "usage",
    `unable to match a printer suitable for the output format "${output}", allowed formats are: ${FORMATS}`,
  );
}

export function printName(resource: DiscoveredResource, name: string): string {
  return `${displayName(resource, name)}\n`;
}

/** Several objects as the list that kubectl makes of them. */
export function listOf(items: readonly JsonObject[]): JsonObject {
  return { apiVersion: "v1", items, kind: "List", metadata: { resourceVersion: "" } };
}

/** An object without what only servers read. */
export function withoutManagedFields(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isJsonObject(metadata) || metadata["managedFields"] === undefined) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}
