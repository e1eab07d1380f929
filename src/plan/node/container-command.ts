import type { Container, Pod } from "../../api/generated/core-v1.ts";
import { ContainerConfigError } from "./environment.ts";
import { expand } from "./expansion.ts";

/** How an image says that its program is run (OCI image config). */
export interface ImageDefaults {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly StopSignal?: string;
}

/**
 * The words to execute: `command` replaces the image's entrypoint and its arguments, `args` its arguments only;
 * `$(NAME)` is replaced.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
 */
export function containerCommand(
  container: Container,
  image: ImageDefaults,
  env: Readonly<Record<string, string>>,
): readonly string[] {
  const valueOf = (name: string): string | undefined => env[name];
  const command = container.command?.map((word) => expand(word, valueOf)) ?? [];
  const args = container.args?.map((word) => expand(word, valueOf)) ?? [];
  const words =
    command.length > 0
      ? [...command, ...args]
      : [...(image.Entrypoint ?? []), ...(args.length > 0 ? args : (image.Cmd ?? []))];
  if (words.length === 0) throw new ContainerConfigError("no command specified", "CreateContainerError");
  return words;
}

/** As whom the program runs: numbers, or names that the image (or the machine) has to explain. */
export interface ContainerIdentity {
  readonly user: string;
  readonly group?: string;
}

/** The container's own wish, the pod's, the image's; root when nobody says anything. Throws when root is forbidden. */
export function containerIdentity(pod: Pod, container: Container, image: ImageDefaults): ContainerIdentity {
  const security = { ...definedOnly(pod.spec.securityContext ?? {}), ...definedOnly(container.securityContext ?? {}) };
  const { runAsUser, runAsGroup, runAsNonRoot } = security as {
    runAsUser?: number;
    runAsGroup?: number;
    runAsNonRoot?: boolean;
  };
  const [imageUser = "", imageGroup] = (image.User ?? "").split(":");
  const user = runAsUser === undefined ? imageUser || "0" : String(runAsUser);
  if (runAsNonRoot) refuseRoot(container, runAsUser, user, imageUser);
  const group = runAsGroup === undefined ? (runAsUser === undefined ? imageGroup : undefined) : String(runAsGroup);
  return { user, ...(group !== undefined && { group }) };
}

function refuseRoot({ name }: Container, runAsUser: number | undefined, user: string, imageUser: string): void {
  if (runAsUser === 0) throw new ContainerConfigError("container's runAsUser breaks non-root policy");
  if (user === "0" || user === "root")
    throw new ContainerConfigError("container has runAsNonRoot and image will run as root");
  if (runAsUser === undefined && !/^\d+$/.test(user)) {
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root (container: ${name})`,
    );
  }
}

function definedOnly(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));
}
