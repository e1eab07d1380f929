import { hash } from "node:crypto";
import type { FieldTable } from "../http1/field-table.ts";

/**
 * Who makes the request, as far as the mesh can tell: the header that the policy names, else Authorization, else Cookie, else
 * the client's address. Only a hash of it is kept: 16 hexadecimal digits of SHA-256.
 */
export function userOf(fields: FieldTable, header: string | undefined, address: string): string {
  const named = header === undefined ? undefined : fields.get(header);
  const key = named ?? fields.get("authorization") ?? fields.get("cookie") ?? address;
  return hash("sha256", key, "hex").slice(0, 16);
}
