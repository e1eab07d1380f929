import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { Attachment, ParentRef } from "./attachment.ts";
import type { RouteReading } from "./route-rules.ts";

/** What must be said about a route in its status, for one of its parents. */
export interface RouteFinding {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly parent: ParentRef;
  readonly conditions: readonly FoundCondition[];
}

export interface FoundCondition {
  readonly type: "Accepted" | "ResolvedRefs" | "PartiallyInvalid";
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

/** Conditions of RouteParentStatus (Gateway API): reasons are the API's, messages say which rule or reference. */
export function findingOf(route: HTTPRoute, parent: ParentRef, attached: Attachment, read: RouteReading): RouteFinding {
  const { namespace = "", name, generation = 0 } = route.metadata;
  const conditions = [accepted(attached, read), resolved(read)];
  const partial = partiallyInvalid(read);
  if (partial && conditions[0]?.status === "True") conditions.push(partial);
  return { namespace, name, generation, parent, conditions };
}

function accepted(attached: Attachment, { rules, dropped }: RouteReading): FoundCondition {
  const type = "Accepted";
  if ("reason" in attached) return { type, status: "False", reason: attached.reason, message: attached.message };
  if (dropped.length > 0 && rules.every((rule) => rule === undefined))
    return { type, status: "False", reason: "UnsupportedValue", message: droppedText(dropped) };
  return { type, status: "True", reason: "Accepted", message: "Route is accepted" };
}

function resolved({ problems }: RouteReading): FoundCondition {
  const type = "ResolvedRefs";
  const first = problems[0];
  if (!first) return { type, status: "True", reason: "ResolvedRefs", message: "All references are resolved" };
  return {
    type,
    status: "False",
    reason: first.reason,
    message: [...new Set(problems.map((p) => p.message))].join("; "),
  };
}

function partiallyInvalid({ dropped }: RouteReading): FoundCondition | undefined {
  if (dropped.length === 0) return undefined;
  return { type: "PartiallyInvalid", status: "True", reason: "UnsupportedValue", message: droppedText(dropped) };
}

/** The API demands this beginning of the message. */
function droppedText(dropped: RouteReading["dropped"]): string {
  return `Dropped Rule ${dropped.map(({ rule, why }) => `${rule} (${why})`).join(", ")}`;
}
