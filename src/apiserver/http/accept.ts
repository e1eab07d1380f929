/** One clause of an Accept header: `application/json;as=Table;v=v1;g=meta.k8s.io;q=0.8`. */
export interface AcceptClause {
  /** Lower case; `*` where anything goes. */
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** 0 … 1 */
  readonly quality: number;
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();
const ANYTHING: readonly AcceptClause[] = [{ type: "*", subtype: "*", parameters: NO_PARAMETERS, quality: 1 }];

/** The clauses of an Accept header (RFC 9110 section 12.5.1), the preferred first. Without one everything is accepted. */
export function parseAccept(header: string | undefined): readonly AcceptClause[] {
  if (!header) return ANYTHING;
  const clauses: AcceptClause[] = [];
  for (const text of header.split(",")) {
    const clause = parseClause(text);
    if (clause) clauses.push(clause);
  }
  return clauses.sort((a, b) => b.quality - a.quality);
}

function parseClause(text: string): AcceptClause | undefined {
  const parts = text.split(";");
  const range = (parts[0] ?? "").trim().toLowerCase();
  const slash = range.indexOf("/");
  if (slash < 0 && range !== "*") return undefined;
  const [type, subtype] = slash < 0 ? ["*", "*"] : [range.slice(0, slash), range.slice(slash + 1)];
  if (parts.length === 1) return { type, subtype, parameters: NO_PARAMETERS, quality: 1 };
  const parameters = new Map<string, string>();
  for (const part of parts.slice(1)) {
    const equals = part.indexOf("=");
    if (equals > 0) parameters.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const quality = Number(parameters.get("q") ?? 1);
  parameters.delete("q");
  return { type, subtype, parameters, quality: Number.isNaN(quality) ? 1 : Math.min(1, Math.max(0, quality)) };
}
