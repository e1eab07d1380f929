/**
 * The parts of image names that matter here, by the grammar of the OCI distribution references.
 * https://pkg.go.dev/github.com/distribution/reference
 */

const LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const HOST = String.raw`(?:${LABEL}(?:\.${LABEL})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?`;
const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
const PATH = `${COMPONENT}(?:/${COMPONENT})*`;
const TAG = String.raw`[\w][\w.-]{0,127}`;
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const REFERENCE = new RegExp(`^((?:${HOST}/)?${PATH})(?::(${TAG}))?(?:@(${DIGEST}))?$`);
/** A bare image ID is no name. */
const IDENTIFIER = /^[a-f0-9]{64}$/;
const MAX_NAME = 255;

/** Always for `:latest`, which is also the tag of a name without tag and digest; else IfNotPresent. */
export function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  const [, name = "", tag, digest] = IDENTIFIER.test(image) ? [] : (REFERENCE.exec(image) ?? []);
  if (name === "" || name.length > MAX_NAME) return "IfNotPresent";
  return (tag ?? (digest ? "" : "latest")) === "latest" ? "Always" : "IfNotPresent";
}
