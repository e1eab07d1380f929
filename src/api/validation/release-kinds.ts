import * as resources from "../generated/resources.ts";
import { validateHttpRoute } from "./http-route.ts";
import { type KindRules, forKind } from "./kind-rule.ts";
import { validateReleasePolicy } from "./release-policy.ts";

/** The rules of the kinds of the Gateway API and of Sluice itself, beyond their schemas. */
export const RELEASE_KINDS: readonly (readonly [string, KindRules])[] = [
  forKind(resources.httproutes, { create: validateHttpRoute }),
  forKind(resources.releasepolicies, { create: validateReleasePolicy }),
];
