/**
 * An error that a person or a program can act on: `code` is stable and may be compared, `message` is for people.
 * API failures are StatusErrors (src/api/status-error.ts) instead.
 */
export class AppError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
  }
}
