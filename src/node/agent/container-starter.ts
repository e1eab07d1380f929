import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Container, Pod, Service } from "../../api/generated/core-v1.ts";
import { formatImageReference, parseImageReference, repositoryOf } from "../../lib/image-reference.ts";
import { containerCommand, containerIdentity } from "../../plan/node/container-command.ts";
import { ContainerConfigError, containerEnvironment, type PodSources } from "../../plan/node/environment.ts";
import type { PodPlace } from "../../plan/node/pod-fields.ts";
import type { StartFailure } from "../../plan/node/start-problem.ts";
import { VolumeError } from "../../plan/node/volume-files.ts";
import type { ImageStore, StoredImage } from "../images/image-store.ts";
import { type ContainerSpec, type Mount, type Running, type Runtime, RuntimeError } from "../runtime.ts";
import { resolveUser } from "./image-user.ts";
import { containerLogPath } from "./node-config.ts";
import { hostnameOf } from "./pod-names.ts";
import type { PodVolumes } from "./pod-volumes.ts";

export interface StartRequest extends PodPlace {
  readonly pod: Pod;
  readonly container: Container;
  readonly instance: number;
  readonly hash: string;
  readonly sources: PodSources;
  readonly services: readonly Service[];
}

export interface ContainerStarterOptions {
  readonly images: ImageStore;
  readonly volumes: PodVolumes;
  readonly runtime: Runtime;
  readonly home: string;
  /** Variables of every container of a namespace that says nothing else. */
  readonly env?: (namespace: string) => Readonly<Record<string, string>>;
}

/** Says what happens on the way, in the kubelet's words. */
export type Tell = (type: "Normal" | "Warning", reason: string, message: string) => void;

/** A container that did not start, and why. */
export class StartError extends Error {
  readonly failure: StartFailure;

  constructor(failure: StartFailure, options?: ErrorOptions) {
    super(failure.message, options);
    this.name = "StartError";
    this.failure = failure;
  }
}

const DEFAULT_TERMINATION_LOG = "/dev/termination-log";
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Turns a container of a pod into a running one: image, configuration, runtime. Throws StartError. */
export class ContainerStarter {
  readonly #images: ImageStore;
  readonly #volumes: PodVolumes;
  readonly #runtime: Runtime;
  readonly #home: string;
  readonly #env: (namespace: string) => Readonly<Record<string, string>>;

  constructor(options: ContainerStarterOptions) {
    this.#images = options.images;
    this.#volumes = options.volumes;
    this.#runtime = options.runtime;
    this.#home = options.home;
    this.#env = options.env ?? (() => ({}));
  }

  async start(request: StartRequest, tell: Tell): Promise<Running> {
    const image = this.#findImage(request.container, tell);
    const spec = await this.#configure(request, image).catch((error: Error) => {
      throw this.#explain(error, tell);
    });
    tell("Normal", "Created", "Container created");
    try {
      const running = await this.#runtime.start(spec);
      tell("Normal", "Started", "Container started");
      return running;
    } catch (error) {
      throw this.#explain(error as Error, tell);
    }
  }

  /** Where the program may leave its last words. */
  terminationLog(podUid: string, container: string, instance: number): string {
    return join(this.#home, "pods", podUid, "termination", container, String(instance));
  }

  /** The image in the local store; there is no other place to pull from, so one that is here satisfies every policy. */
  #findImage({ image: name = "", imagePullPolicy }: Container, tell: Tell): StoredImage {
    if (!parseImageReference(name)) {
      const message = `Failed to apply default image tag ${JSON.stringify(name)}: couldn't parse image name ${JSON.stringify(name)}: ${formatProblem(name)}`;
      tell("Warning", "InspectFailed", message);
      tell("Warning", "Failed", "Error: InvalidImageName");
      throw new StartError({ kind: "image", reason: "InvalidImageName", message });
    }
    const image = this.#images.find(name);
    if (image) {
      tell(
        "Normal",
        "Pulled",
        `Container image ${JSON.stringify(name)} already present on machine and can be accessed by the pod`,
      );
      return image;
    }
    if (imagePullPolicy === "Never") {
      const message = `Container image ${JSON.stringify(name)} is not present with pull policy of Never`;
      tell("Warning", "ErrImageNeverPull", message);
      tell("Warning", "Failed", "Error: ErrImageNeverPull");
      throw new StartError({ kind: "image", reason: "ErrImageNeverPull", message });
    }
    tell("Normal", "Pulling", `Pulling image ${JSON.stringify(name)}`);
    const message = this.#notFound(name);
    tell("Warning", "Failed", `Failed to pull image ${JSON.stringify(name)}: ${message}`);
    tell("Warning", "Failed", "Error: ErrImagePull");
    throw new StartError({ kind: "image", reason: "ErrImagePull", message });
  }

  #notFound(name: string): string {
    const reference = parseImageReference(name);
    const full = reference ? formatImageReference(reference) : name;
    const near = this.#images.namesNear(name);
    const hint = near.length === 0 ? "" : `; did you mean ${near.join(" or ")}?`;
    return `failed to resolve reference ${JSON.stringify(full)}: ${full}: not found in the local image store${hint}`;
  }

  async #configure(request: StartRequest, image: StoredImage): Promise<ContainerSpec> {
    const { pod, container, instance, hash } = request;
    const imageRoot = await this.#images.unpack(image);
    const identity = containerIdentity(pod, container, image.config);
    const user = resolveUser(identity, imageRoot);
    const environment = containerEnvironment({
      ...request,
      imageEnv: image.config.Env ?? [],
      hostname: hostnameOf(pod),
    });
    const env = { ...this.#env(pod.metadata.namespace ?? ""), HOME: user.home, PATH: DEFAULT_PATH, ...environment };
    const reference = parseImageReference(container.image ?? "");
    const name = reference ? formatImageReference(reference) : (container.image ?? "");
    return {
      podUid: pod.metadata.uid,
      name: container.name,
      instance,
      hash,
      image: { id: image.id, name, reference: `${reference ? repositoryOf(reference) : name}@${image.digest}` },
      imageRoot,
      command: containerCommand(container, image.config, env),
      workingDir: container.workingDir || image.config.WorkingDir || "/",
      env,
      mounts: [...this.#volumes.mountsOf(pod, container, env), this.#terminationMount(pod, container, instance)],
      logPath: containerLogPath(this.#home, pod, container.name, instance),
      user: { uid: user.uid, gid: user.gid },
      readOnlyRoot: container.securityContext?.readOnlyRootFilesystem ?? false,
    };
  }

  #terminationMount({ metadata }: Pod, container: Container, instance: number): Mount {
    const source = this.terminationLog(metadata.uid, container.name, instance);
    mkdirSync(dirname(source), { recursive: true });
    writeFileSync(source, "");
    chmodSync(source, 0o666);
    return { source, target: container.terminationMessagePath || DEFAULT_TERMINATION_LOG, readOnly: false };
  }

  #explain(error: Error, tell: Tell): StartError {
    const message = error.message;
    tell("Warning", "Failed", `Error: ${message}`);
    if (error instanceof ContainerConfigError)
      return new StartError({ kind: "config", reason: error.reason, message }, { cause: error });
    const reason =
      error instanceof RuntimeError
        ? error.reason
        : error instanceof VolumeError
          ? "CreateContainerConfigError"
          : "CreateContainerError";
    return new StartError({ kind: "runtime", reason, message }, { cause: error });
  }
}

function formatProblem(name: string): string {
  const lower = name.toLowerCase();
  const reference = lower === name ? undefined : parseImageReference(lower);
  if (!reference) return "invalid reference format";
  return `invalid reference format: repository name (${reference.path}) must be lowercase`;
}
