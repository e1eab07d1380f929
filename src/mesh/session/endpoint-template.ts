/** Segments that name one of many things: numbers, UUIDs, and long strings that only a machine would make up. */
const NUMBER = /^\d+$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HEXADECIMAL = /^[0-9a-f]{12,}$/i;
/** Base64 with both alphabets; a digit and both cases tell it from a long word. */
const BASE64 = /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+_=-]{16,}$/;
const LONGEST = 200;

/** Method and path with what varies from call to call as `{id}`: `GET /restaurants/{id}/menu`. The query is left out. */
export function endpointTemplate(method: string, target: string): string {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  return `${method} ${path.split("/").map(templateSegment).join("/")}`.slice(0, LONGEST);
}

function templateSegment(segment: string): string {
  const varies = NUMBER.test(segment) || UUID.test(segment) || HEXADECIMAL.test(segment) || BASE64.test(segment);
  return varies ? "{id}" : segment;
}
