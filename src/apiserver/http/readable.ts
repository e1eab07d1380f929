/** Programs with which people look at answers themselves. */
const READERS = ["curl", "Wget", "Mozilla/5.0"] as const;
const YES = /^(1|t|T|true|TRUE|True)$/;

/**
 * Whether the JSON of an answer is laid out over lines: as `pretty` in the query says, else where people are known to read.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-parameters/common-parameters/#pretty
 */
export function isReadByPeople(query: URLSearchParams, userAgent: string | undefined): boolean {
  const asked = query.get("pretty") ?? "";
  if (asked !== "") return YES.test(asked);
  return READERS.some((reader) => userAgent?.startsWith(reader));
}

/** JSON laid out as Go does it. */
export function readableJson(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document, undefined, 2));
}
