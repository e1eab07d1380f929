import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import type { Clock } from "../../lib/clock.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { invalidField } from "../registry/failures.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Access } from "./rbac.ts";
import { ISSUER } from "./service-account-token.ts";
import type { User } from "./user.ts";

/** Questions about permissions and identities, answered and forgotten. */

/** A review by its kind. `namespace`: that of the path. Returns the document of the answer. */
export type Review = (body: KubeObject, user: User, namespace: string | undefined) => object;

interface ResourceAttributes {
  readonly namespace?: string;
  readonly verb?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
}

interface PathAttributes {
  readonly path?: string;
  readonly verb?: string;
}

interface AccessReview extends KubeObject {
  readonly spec?: {
    readonly resourceAttributes?: ResourceAttributes;
    readonly nonResourceAttributes?: PathAttributes;
    readonly user?: string;
    readonly groups?: readonly string[];
  };
}

interface RulesReview extends KubeObject {
  readonly spec?: { readonly namespace?: string };
}

interface TokenReview extends KubeObject {
  readonly spec?: { readonly token?: string; readonly audiences?: readonly string[] };
}

/** The reviews by `group/plural`. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
export function reviews(
  authorizer: Authorizer,
  authenticator: Authenticator,
  clock: Clock,
): ReadonlyMap<string, Review> {
  const answer = (review: AccessReview, user: User): object => ({
    ...withoutMetadata(review),
    status: { allowed: authorizer.isAllowed(user, accessOf(review)) },
  });

  const own: Review = (body, user) => answer(body, user);

  const others: Review = (body) => {
    const { spec = {} }: AccessReview = body;
    const { user = "", groups = [] } = spec;
    accessOf(body);
    if (user === "" && groups.length === 0)
      throw wrong("spec.user", "", "at least one of user or group must be specified");
    return answer(body, { username: user, groups });
  };

  const local: Review = (body, user, namespace) => {
    const { spec = {} }: AccessReview = body;
    const { resourceAttributes, nonResourceAttributes } = spec;
    if (nonResourceAttributes)
      throw wrong("spec.nonResourceAttributes", shown(nonResourceAttributes), "disallowed on this kind of request");
    const asked = resourceAttributes?.namespace ?? "";
    if (asked !== namespace) throw wrong("spec.resourceAttributes.namespace", asked, "must match metadata.namespace");
    return others(body, user, namespace);
  };

  const rules: Review = (body, user) => {
    const { spec = {} }: RulesReview = body;
    if (!spec.namespace) throw new StatusError("BadRequest", "no namespace on request");
    const all = authorizer.rulesOf(user, spec.namespace);
    return {
      ...withoutMetadata(body),
      spec: {},
      status: {
        resourceRules: all.filter((rule) => rule.resources),
        nonResourceRules: all.filter((rule) => rule.nonResourceURLs),
        incomplete: false,
      },
    };
  };

  const whoAmI: Review = (body, user) => ({
    ...withoutMetadata(body),
    metadata: { creationTimestamp: formatTimestamp(clock.now()) },
    status: { userInfo: user },
  });

  const token: Review = (body) => {
    const { spec = {} }: TokenReview = body;
    if (!spec.token) throw new StatusError("BadRequest", "token is required for TokenReview in authentication");
    const audiences = spec.audiences?.length ? spec.audiences : [ISSUER];
    const user = authenticator.userOf(spec.token, audiences);
    const status = user ? { authenticated: true, user, audiences } : { user: {}, error: "invalid bearer token" };
    return { ...withoutMetadata(body), status };
  };

  return new Map([
    ["authorization.k8s.io/selfsubjectaccessreviews", own],
    ["authorization.k8s.io/subjectaccessreviews", others],
    ["authorization.k8s.io/localsubjectaccessreviews", local],
    ["authorization.k8s.io/selfsubjectrulesreviews", rules],
    ["authentication.k8s.io/selfsubjectreviews", whoAmI],
    ["authentication.k8s.io/tokenreviews", token],
  ]);
}

function accessOf({ spec = {} }: AccessReview): Access {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (resource && path)
    throw wrong(
      "spec.nonResourceAttributes",
      shown(path),
      "cannot be specified in combination with resourceAttributes",
    );
  if (path) return { verb: path.verb ?? "", path: path.path ?? "" };
  if (!resource)
    throw wrong(
      "spec.resourceAttributes",
      null,
      "exactly one of nonResourceAttributes or resourceAttributes must be specified",
    );
  const { verb = "", group = "", resource: plural = "", subresource, namespace, name } = resource;
  return {
    verb,
    group,
    resource: plural,
    ...(subresource && { subresource }),
    ...(namespace && { namespace }),
    ...(name && { name }),
  };
}

function wrong(field: string, value: unknown, why: string): StatusError {
  return invalidField({ group: "authorization.k8s.io", kind: "" }, "", field, value, why);
}

/** Kubernetes shows these attributes under the names that they have in its own program. */
function shown({ path = "", verb = "" }: PathAttributes): object {
  return { Path: path, Verb: verb };
}

/** A review is no object that anybody could find again. */
function withoutMetadata(review: KubeObject): object {
  const { kind, apiVersion, metadata: _, ...rest } = review;
  return { kind, apiVersion, metadata: {}, ...rest };
}
