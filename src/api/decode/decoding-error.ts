import { AppError } from "../../lib/app-error.ts";

/** A body that cannot be read as an object; the message is Go's or Kubernetes' own. */
export class DecodingError extends AppError {
  constructor(message: string) {
    super("UndecodableObject", message);
  }
}
