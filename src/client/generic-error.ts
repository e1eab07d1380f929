import { StatusError, type StatusReason } from "../api/status-error.ts";

const REASONS: Readonly<Record<number, readonly [StatusReason, string]>> = {
  400: ["BadRequest", "the server rejected our request for an unknown reason"],
  401: ["Unauthorized", "the server has asked for the client to provide credentials"],
  403: ["Forbidden", "the server does not allow access to the requested resource"],
  404: ["NotFound", "the server could not find the requested resource"],
  405: ["MethodNotAllowed", "the server does not allow this method on the requested resource"],
  406: ["NotAcceptable", "the server was unable to respond with a content type that the client supports"],
  410: ["Gone", "the server could not find the requested resource"],
  413: ["RequestEntityTooLarge", "the request entity is too large"],
  415: ["UnsupportedMediaType", "the server was unable to respond with a content type that the client supports"],
  422: ["Invalid", "the server rejected our request due to an error in our request"],
  429: ["TooManyRequests", "the server has received too many requests and has asked us to try again later"],
  500: ["InternalError", "an error on the server has prevented the request from succeeding"],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  504: [
    "Timeout",
    "the server was unable to return a response in the time allotted, but may still be processing the request",
  ],
};

/**
 * The error of a refusal that carries no Status, as of a proxy on the way. Texts are those of apimachinery's NewGenericServerResponse.
 * `retryAfter` is the header of that name.
 */
export function genericError(code: number, method: string, body: string, retryAfter: string | undefined): StatusError {
  const [reason, message] = REASONS[code] ?? conflict(code, method);
  const seconds = Number(retryAfter);
  return new StatusError(
    reason,
    message,
    {
      causes: [{ reason: "UnexpectedServerResponse", message: body.slice(0, 2048) }],
      ...(seconds > 0 && { retryAfterSeconds: seconds }),
    },
    code,
  );
}

function conflict(code: number, method: string): readonly [StatusReason, string] {
  if (code !== 409)
    return ["", `the server responded with the status code ${code} but did not return more information`];
  return method === "POST"
    ? ["AlreadyExists", "the server reported a conflict"]
    : ["Conflict", "the server reported a conflict"];
}
