import { AppError } from "../../lib/app-error.ts";
import type { JsonValue } from "../../lib/json.ts";
import type { Schema } from "../table/schema.ts";

/** A value that has not the type that its place wants. */
export interface TypeMismatch {
  readonly value: JsonValue;
  /** In Go's words: `int32`, `v1.DNSPolicy`, `[]v1.Container`. */
  readonly wanted: string;
  readonly shape: Schema["kind"];
}

/** A body that cannot be read as an object; the message is Go's or Kubernetes' own. */
export class DecodingError extends AppError {
  /** Where a value of a wrong type is the matter: which, for those who say it in other words. */
  readonly mismatch: TypeMismatch | undefined;

  constructor(message: string, mismatch?: TypeMismatch) {
    super("UndecodableObject", message);
    this.mismatch = mismatch;
  }
}
