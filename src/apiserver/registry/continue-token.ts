import { jsonSyntaxError } from "../../api/decode/json-syntax.ts";
import { StatusError } from "../../api/status-error.ts";

/** Where the next page of a list begins. */
export interface ContinueToken {
  /** The revision of the first page; -1: whatever is newest. */
  readonly revision: number;
  /** Keys after this one. */
  readonly after: string;
}

const VERSION = "meta.k8s.io/v1";

/** The token as clients see it: opaque to them, but of the form that Kubernetes uses. */
export function encodeContinue({ revision, after }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start: `${after}\0` })).toString("base64url");
}

/** Throws BadRequest with Kubernetes' text. */
export function decodeContinue(text: string): ContinueToken {
  const bytes = decodeBase64(text);
  const syntaxError = jsonSyntaxError(bytes);
  if (syntaxError) throw notValid(syntaxError);
  const token = JSON.parse(bytes.toString()) as { v?: unknown; rv?: unknown; start?: unknown } | null;
  if (typeof token !== "object" || token === null || token.v !== VERSION)
    throw notValid(
      `server does not recognize this encoded version ${JSON.stringify(typeof token?.v === "string" ? token.v : "")}`,
    );
  if (typeof token.rv !== "number" || token.rv === 0)
    throw notValid(`incorrect encoded start resourceVersion (version ${VERSION})`);
  if (typeof token.start !== "string" || token.start === "")
    throw notValid(`encoded start key empty (version ${VERSION})`);
  return { revision: token.rv, after: token.start.replace(/\0$/, "") };
}

function decodeBase64(text: string): Buffer {
  const illegal = /[^\w\-\r\n]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : undefined);
  if (illegal !== undefined) throw notValid(`illegal base64 data at input byte ${illegal}`);
  return Buffer.from(text, "base64url");
}

function notValid(why: string): StatusError {
  return new StatusError("BadRequest", `invalid continue token: continue key is not valid: ${why}`);
}
