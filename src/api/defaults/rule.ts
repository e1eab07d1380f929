import type { MutableJsonObject } from "../../lib/json.ts";

/**
 * Fills in what depends on other fields of the object. Gets a struct whose constants are in place already, and may replace
 * its members but not change them: they are shared.
 */
export type Rule = (draft: MutableJsonObject) => void;

/** Rules by Go type: `core/v1.PodSpec`. */
export type Rules = Readonly<Record<string, Rule>>;
