/**
 * Failures of the API, as Kubernetes names them.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#response-status-kind
 */
export type StatusReason =
  | "BadRequest"
  | "Unauthorized"
  | "Forbidden"
  | "NotFound"
  | "MethodNotAllowed"
  | "NotAcceptable"
  | "AlreadyExists"
  | "Conflict"
  | "Gone"
  | "Expired"
  | "RequestEntityTooLarge"
  | "UnsupportedMediaType"
  | "Invalid"
  | "TooManyRequests"
  | "InternalError"
  | "ServerTimeout"
  | "ServiceUnavailable"
  | "Timeout"
  | "";

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** The wire form of a failure (or, for some deletions, of a success). */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly continue?: string };
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: StatusDetails;
  readonly code: number;
}

const CODES: Readonly<Record<StatusReason, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  "": 500,
};

/** A failure of the API. Compare `reason`, never the message; see `isNotFound` and its siblings. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(
    reason: StatusReason,
    message: string,
    details?: StatusDetails,
    code: number = CODES[reason],
    metadata: Status["metadata"] = {},
  ) {
    super(message);
    this.name = "StatusError";
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata,
      status: "Failure",
      message,
      ...(reason !== "" && { reason }),
      ...(details && { details }),
      code,
    };
  }

  /** The error that a received Status stands for. */
  static from(status: Status): StatusError {
    return new StatusError(status.reason ?? "", status.message ?? "", status.details, status.code, status.metadata);
  }

  get reason(): StatusReason {
    return this.status.reason ?? "";
  }

  get code(): number {
    return this.status.code;
  }
}

const hasReason = (error: unknown, ...reasons: readonly StatusReason[]): error is StatusError =>
  error instanceof StatusError && reasons.includes(error.reason);

export const isNotFound = (error: unknown): error is StatusError => hasReason(error, "NotFound");
export const isConflict = (error: unknown): error is StatusError => hasReason(error, "Conflict");
export const isAlreadyExists = (error: unknown): error is StatusError => hasReason(error, "AlreadyExists");
export const isExpired = (error: unknown): error is StatusError => hasReason(error, "Expired", "Gone");
