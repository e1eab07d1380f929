/**
 * Names of images, as Docker and the kubelet read them.
 * Grammar: https://pkg.go.dev/github.com/distribution/reference (name, tag, digest); short names mean docker.io/library.
 */
export interface ImageReference {
  /** Registry, e.g. `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** Repository below the registry, e.g. `library/nginx`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

const DOMAIN =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
/** The ID of an image, which is no name. */
const IDENTIFIER = /^[a-f0-9]{64}$/;
const MAX_NAME = 255;

/** The reference that `text` stands for, `latest` being implied; undefined when it is not well formed. */
export function parseImageReference(text: string): ImageReference | undefined {
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !DIGEST.test(digest)) return undefined;
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) return undefined;
  const name = splitDomain(hasTag ? named.slice(0, colon) : named);
  if (!name) return undefined;
  const implied = tag ?? (digest === undefined ? "latest" : undefined);
  return { ...name, ...(implied !== undefined && { tag: implied }), ...(digest !== undefined && { digest }) };
}

function splitDomain(name: string): { readonly domain: string; readonly path: string } | undefined {
  if (name.length > MAX_NAME || IDENTIFIER.test(name)) return undefined;
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isDomain = first !== "" && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const domain = isDomain && first !== "index.docker.io" ? first : "docker.io";
  let path = isDomain ? name.slice(slash + 1) : name;
  if (!DOMAIN.test(domain) || !path.split("/").every((part) => PATH_COMPONENT.test(part))) return undefined;
  if (domain === "docker.io" && !path.includes("/")) path = `library/${path}`;
  return { domain, path };
}

/** `docker.io/library/nginx`: the name without tag and digest. */
export function repositoryOf(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The full name, e.g. `docker.io/library/nginx:latest`. */
export function formatImageReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${repositoryOf(reference)}${tag}${digest}`;
}

/** The name that people write: without what is implied (`docker.io/library/`). */
export function familiarImageName(fullName: string): string {
  if (fullName.startsWith("docker.io/library/")) return fullName.slice("docker.io/library/".length);
  return fullName.startsWith("docker.io/") ? fullName.slice("docker.io/".length) : fullName;
}
