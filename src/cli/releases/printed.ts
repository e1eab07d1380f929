import type { Release } from "../../api/generated/sluice-dev.ts";
import type { JsonObject } from "../../lib/json.ts";
import { listOf, objectPrinter } from "../kube/object-printer.ts";
import type { ReleaseOptions } from "./releases.ts";

/** What a command prints of a release, or of a list of them: the objects themselves if a format is asked for, else `text`. */
export async function printed(
  { output }: ReleaseOptions,
  shown: Release | readonly Release[],
  text: string,
): Promise<string> {
  if (output === undefined) return text;
  const printer = await objectPrinter(output);
  return printer.print(isList(shown) ? listOf(shown.map(asJson)) : asJson(shown));
}

const isList = (shown: Release | readonly Release[]): shown is readonly Release[] => Array.isArray(shown);

/** An object of the API is JSON; its type has no index signature. */
const asJson = (release: Release): JsonObject => release as Release & JsonObject;
