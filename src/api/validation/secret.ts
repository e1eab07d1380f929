import { isJsonArray, type JsonValue } from "../../lib/json.ts";
import { decodeBase64, decodedLength } from "../decode/base64.ts";
import { jsonSyntaxError } from "../decode/json-syntax.ts";
import type { Secret } from "../generated/core-v1.ts";
import { MAX_DATA, validateKept } from "./config-map.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { configKeyProblems } from "./names.ts";

/** https://kubernetes.io/docs/concepts/configuration/secret/#secret-types */

const DATA = FieldPath.of("data");
const ACCOUNT = "kubernetes.io/service-account.name";

export function validateSecret(secret: Secret, errors: FieldErrors): void {
  const { data = {} } = secret;
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.invalidAll(DATA.key(key), key, configKeyProblems(key));
    bytes += decodedLength(value);
  }
  if (bytes > MAX_DATA) errors.tooLong(DATA, MAX_DATA);
  validateType(secret, data, errors);
}

/** Known types have keys that they cannot do without. */
function validateType(secret: Secret, data: NonNullable<Secret["data"]>, errors: FieldErrors): void {
  const need = (...keys: readonly string[]): void => {
    for (const key of keys) if (data[key] === undefined) errors.required(DATA.key(key));
  };
  switch (secret.type) {
    case "kubernetes.io/service-account-token":
      if (!secret.metadata.annotations?.[ACCOUNT])
        errors.required(FieldPath.of("metadata").child("annotations").key(ACCOUNT));
      return;
    case "kubernetes.io/dockercfg":
      return validateDockerConfig(data[".dockercfg"], DATA.key(".dockercfg"), errors);
    case "kubernetes.io/dockerconfigjson":
      return validateDockerConfig(data[".dockerconfigjson"], DATA.key(".dockerconfigjson"), errors);
    case "kubernetes.io/basic-auth":
      if (data["username"] === undefined && data["password"] === undefined) need("username", "password");
      return;
    case "kubernetes.io/ssh-auth":
      if (!data["ssh-privatekey"]) errors.required(DATA.key("ssh-privatekey"));
      return;
    case "kubernetes.io/tls":
      need("tls.crt", "tls.key");
      return;
    default:
  }
}

function validateDockerConfig(value: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (value === undefined) return errors.required(path);
  const problem = objectProblem(decodeBase64(value));
  if (problem !== undefined) errors.invalid(path, "<secret contents redacted>", problem);
}

/** Why the text is not a JSON object, in the words of Go. */
export function objectProblem(text: Uint8Array): string | undefined {
  const problem = jsonSyntaxError(text);
  if (problem !== undefined) return problem;
  const value: JsonValue = JSON.parse(new TextDecoder().decode(text)) as JsonValue;
  if (value === null || (typeof value === "object" && !isJsonArray(value))) return undefined;
  const type = typeof value === "object" ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
}

export function validateSecretUpdate(secret: Secret, old: Secret, errors: FieldErrors): void {
  if (secret.type !== old.type) errors.immutable(FieldPath.of("type"), secret.type ?? "");
  validateKept(secret, old, ["data"], errors);
  validateSecret(secret, errors);
}
