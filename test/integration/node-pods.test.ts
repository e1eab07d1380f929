import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configmaps, nodes, persistentvolumeclaims, secrets, services } from "../../src/api/generated/resources.ts";
import type { Container, ContainerState, Pod } from "../../src/api/generated/core-v1.ts";
import { isReady, machineIsolation, NodeWorld, phaseIs } from "../support/node-world.ts";
import { processesWith } from "../support/processes.ts";

const isolation = await machineIsolation();
let world: NodeWorld;
beforeAll(async () => {
  world = await NodeWorld.start(isolation);
  await world.build("busy:1", { Dockerfile: 'FROM scratch\nENV FROM_IMAGE=yes\nCMD ["sleep", "3600"]' });
  await world.build("server:1", {
    Dockerfile: 'FROM scratch\nCOPY s.js /app/\nCMD ["node", "/app/s.js"]',
    "s.js": `const { createServer } = require("node:http");
      let ready = true;
      createServer((q, r) => {
        if (q.url === "/fail") ready = false;
        if (q.url === "/heal") ready = true;
        r.statusCode = q.url === "/ready" && !ready ? 503 : 200;
        r.end(require("node:os").hostname());
      }).listen(process.env.PORT, process.env.HOST, () => console.log("listening"));
      process.on("SIGTERM", () => { console.log("bye"); process.exit(0); });`,
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const sh = (script: string, more: Partial<Container> = {}): Partial<Container> => ({
  command: ["sh", "-c", script],
  ...more,
});
const once = { restartPolicy: "Never" } as const;
const state = (pod: Pod | undefined, name = "c0"): ContainerState =>
  [...(pod?.status?.containerStatuses ?? []), ...(pod?.status?.initContainerStatuses ?? [])].find(
    (one) => one.name === name,
  )?.state ?? {};
const waiting = (reason: string) => (pod: Pod | undefined) => state(pod).waiting?.reason === reason;

/** Runs a script to its end and gives what it wrote to its termination log. */
async function wordsOf(
  name: string,
  script: string,
  container: Partial<Container> = {},
  spec: Partial<Pod["spec"]> = {},
): Promise<string> {
  await world.run(name, [sh(`(${script}) >/dev/termination-log 2>&1`, container)], { ...once, ...spec });
  const pod = await world.until(name, (one) => phaseIs("Succeeded")(one) || phaseIs("Failed")(one));
  return state(pod).terminated?.message ?? "";
}

/** Processes of this machine whose command line holds `mark`. */
describe("a pod", () => {
  test("runs, is ready, has an address, and goes when it is deleted", async () => {
    await world.run("one", [{}]);
    const pod = await world.until("one", isReady);
    expect(pod?.status).toMatchObject({
      phase: "Running",
      hostIP: "127.0.0.1",
      podIP: expect.stringMatching(/^127\.\d+\.128\.\d+$/) as string,
    });
    expect(await world.events("one")).toEqual([
      'Pulled: Container image "busy:1" already present on machine and can be accessed by the pod',
      "Created: Container created",
      "Started: Container started",
    ]);
    await world.delete("one");
    await world.until("one", (gone) => gone === undefined);
    expect(await world.events("one")).toContain("Killing: Stopping container c0");
    expect(readdirSync(world.home.pods).filter((name) => name === pod!.metadata.uid)).toEqual([]);
  });

  test("ends with its program", async () => {
    await world.run("done", [sh("exit 0"), sh("exit 3")], once);
    const pod = await world.until("done", phaseIs("Failed"));
    expect(state(pod).terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
    expect(state(pod, "c1").terminated).toMatchObject({ exitCode: 3, reason: "Error" });
  });

  test("serves at its address under the port that it is told", async () => {
    await world.run("web", [
      {
        image: "server:1",
        ports: [{ containerPort: 8123 }],
        readinessProbe: { httpGet: { path: "/ready", port: 8123 }, periodSeconds: 1, failureThreshold: 1 },
      },
    ]);
    const pod = await world.until("web", isReady);
    const url = `http://${pod!.status!.podIP}:8123`;
    expect(await (await fetch(url)).text()).toBe(isolation.namespaces ? "web" : hostname());
    await fetch(`${url}/fail`);
    const unready = await world.until("web", (one) => !isReady(one));
    expect(unready?.status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      reason: "ContainersNotReady",
      message: "containers with unready status: [c0]",
    });
    await fetch(`${url}/heal`);
    await world.until("web", isReady);
    expect(await world.events("web")).toContain(
      "Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503",
    );
  });

  test("is told what its specification says", async () => {
    await world.client.create(configmaps, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "env", namespace: "default" },
      data: { KEY: "from map" },
    });
    await world.client.create(secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "env", namespace: "default" },
      data: { PASS: "czNjcmV0" },
    });
    const words = await wordsOf("env", "echo $FROM_IMAGE $A $KEY $PASS $NAME $HOST; echo $0 $1", {
      command: ["sh", "-c", "(echo $FROM_IMAGE $A,$KEY,$PASS,$NAME,$NODE; echo $0 $1) >/dev/termination-log", "$(A)"],
      args: ["$$(A)"],
      envFrom: [{ configMapRef: { name: "env" } }, { secretRef: { name: "env" } }],
      env: [
        { name: "A", value: "1" },
        { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      ],
    });
    expect(words).toBe("yes 1,from map,s3cret,env,here\n1 $(A)\n");
  });

  test("runs as the user that it asks for", async () => {
    expect(await wordsOf("user", "id -u; id -g", {}, { securityContext: { runAsUser: 1234, runAsGroup: 2345 } })).toBe(
      isolation.namespaces || process.getuid?.() === 0
        ? "1234\n2345\n"
        : `${process.getuid?.()}\n${process.getgid?.()}\n`,
    );
  });
});

describe("an image", () => {
  test("that is missing is looked for again, and at once when it comes", async () => {
    await world.run("missing", [{ image: "busi:1" }]);
    const failed = await world.until("missing", waiting("ErrImagePull"));
    expect(state(failed).waiting?.message).toBe(
      'failed to resolve reference "docker.io/library/busi:1": docker.io/library/busi:1: not found in the local image store; did you mean busy:1?',
    );
    expect(failed?.status?.phase).toBe("Pending");
    const delayed = await world.until("missing", waiting("ImagePullBackOff"));
    expect(state(delayed).waiting?.message).toMatch(
      /^Back-off pulling image "busi:1": ErrImagePull: failed to resolve/,
    );
    expect((await world.events("missing")).map((event) => event.replace(/: failed to resolve.*/, ""))).toEqual([
      'Pulling: Pulling image "busi:1"',
      'Failed: Failed to pull image "busi:1"',
      "Failed: Error: ErrImagePull",
      'BackOff: Back-off pulling image "busi:1": ErrImagePull',
      "Failed: Error: ImagePullBackOff",
    ]);
    world.images.tag("busy:1", "busi:1");
    await world.until("missing", isReady);
  });

  test("with a wrong name, or one that must not be pulled, is said so", async () => {
    await world.run("wrong", [{ image: "Busy" }]);
    const wrong = await world.until("wrong", waiting("InvalidImageName"));
    expect(state(wrong).waiting?.message).toBe(
      'Failed to apply default image tag "Busy": couldn\'t parse image name "Busy": invalid reference format: repository name (library/busy) must be lowercase',
    );
    await world.run("never", [{ image: "nothere", imagePullPolicy: "Never" }]);
    const never = await world.until("never", waiting("ErrImageNeverPull"));
    expect(state(never).waiting?.message).toBe('Container image "nothere" is not present with pull policy of Never');
  });

  test("is on the node's list at once", async () => {
    await world.build("listed:1", { Dockerfile: "FROM scratch" });
    const node = await world.untilObject(nodes, "here", (one) =>
      one?.status?.images?.some(({ names }) => names?.includes("docker.io/library/listed:1")),
    );
    expect(node?.status?.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");
  });
});

describe("a container that cannot be created", () => {
  test("says what is missing, and starts when it comes", async () => {
    await world.run("config", [{ env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "late", key: "k" } } }] }]);
    const pod = await world.until("config", waiting("CreateContainerConfigError"));
    expect(state(pod).waiting?.message).toBe('configmap "late" not found');
    expect(await world.events("config")).toContain('Failed: Error: configmap "late" not found');
    await world.client.create(configmaps, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "late", namespace: "default" },
      data: { other: "x" },
    });
    await world.until(
      "config",
      (one) => state(one).waiting?.message === "couldn't find key k in ConfigMap default/late",
    );
    await world.client.patch(configmaps, "late", "default", { type: "merge", body: { data: { k: "v" } } });
    await world.until("config", isReady);
  });

  test("waits for its volumes, and starts when they come", async () => {
    await world.run("mount", [{ volumeMounts: [{ name: "v", mountPath: "/etc/v" }] }], {
      volumes: [{ name: "v", secret: { secretName: "late" } }],
    });
    const pod = await world.until("mount", waiting("ContainerCreating"));
    expect(pod?.status?.phase).toBe("Pending");
    await expect
      .poll(() => world.events("mount"))
      .toEqual(['FailedMount: MountVolume.SetUp failed for volume "v" : secret "late" not found']);
    await world.client.create(secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "late", namespace: "default" },
    });
    await world.until("mount", isReady);
  });

  test("with a command that is not there crashes", async () => {
    await world.run("typo", [{ command: ["nodejsx"] }]);
    const pod = await world.until("typo", waiting("CrashLoopBackOff"));
    expect(pod?.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: {
        terminated: {
          exitCode: 128,
          reason: "StartError",
          message: 'unable to start container process: exec: "nodejsx": executable file not found in $PATH',
        },
      },
    });
  });
});

describe("a container that crashes", () => {
  test("restarts at once, then waits, and says why it ended", async () => {
    await world.run("crash", [sh("echo starting; echo 'Error: FTGO_KEY is not set' >&2; exit 1")]);
    const pod = await world.until("crash", waiting("CrashLoopBackOff"));
    expect(state(pod).waiting?.message).toBe(
      `back-off 10s restarting failed container=c0 pod=crash_default(${pod!.metadata.uid})`,
    );
    const [status] = pod!.status!.containerStatuses!;
    expect(status).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 1, reason: "Error", message: "starting\nError: FTGO_KEY is not set\n" } },
    });
    expect(await world.events("crash")).toContain(
      `BackOff: Back-off restarting failed container c0 in pod crash_default(${pod!.metadata.uid})`,
    );
  });

  test("with OnFailure restarts until it succeeds", async () => {
    const volume = { volumes: [{ name: "v", emptyDir: {} }], restartPolicy: "OnFailure" as const };
    await world.run(
      "retry",
      [sh("[ -e /v/x ] && exit 0; echo >/v/x; exit 1", { volumeMounts: [{ name: "v", mountPath: "/v" }] })],
      volume,
    );
    const pod = await world.until("retry", phaseIs("Succeeded"));
    expect(pod?.status?.containerStatuses?.[0]?.restartCount).toBe(1);
  });
});

describe("probes", () => {
  test("a container that is not alive is restarted", async () => {
    await world.run(
      "alive",
      [
        sh("sleep 1; echo >/tmp/dead; sleep 60", {
          livenessProbe: { exec: { command: ["test", "!", "-e", "/tmp/dead"] }, periodSeconds: 1, failureThreshold: 1 },
        }),
      ],
      { terminationGracePeriodSeconds: 1 },
    );
    const pod = await world.until("alive", (one) => one?.status?.containerStatuses?.[0]?.restartCount === 1);
    expect(pod?.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(143);
    expect(await world.events("alive")).toEqual(
      expect.arrayContaining([
        "Unhealthy: Liveness probe failed: ",
        "Killing: Container c0 failed liveness probe, will be restarted",
      ]),
    );
  });

  test("readiness waits for startup", async () => {
    await world.run("slow", [
      sh("sleep 0.5; echo >/tmp/up; sleep 60", {
        startupProbe: { exec: { command: ["test", "-e", "/tmp/up"] }, periodSeconds: 1 },
        readinessProbe: { exec: { command: ["true"] } },
      }),
    ]);
    const begun = await world.until("slow", (one) => state(one).running !== undefined);
    expect(begun?.status?.containerStatuses?.[0]).toMatchObject({ started: false, ready: false });
    await world.until("slow", isReady);
  });
});

describe("init containers and sidecars", () => {
  test("run before the others, in order", async () => {
    const mounts = { volumeMounts: [{ name: "v", mountPath: "/v" }] };
    await world.run("init", [sh("cat /v/log >/dev/termination-log", mounts)], {
      ...once,
      volumes: [{ name: "v", emptyDir: {} }],
      initContainers: [
        { name: "one", image: "busy:1", ...sh("echo one >>/v/log; sleep 0.1", mounts) },
        {
          name: "side",
          image: "busy:1",
          restartPolicy: "Always",
          ...sh("trap 'exit 0' TERM; echo side >>/v/log; while :; do sleep 0.05; done", mounts),
          startupProbe: { exec: { command: ["grep", "-q", "side", "/v/log"] }, periodSeconds: 1 },
        },
        { name: "two", image: "busy:1", ...sh("echo two >>/v/log", mounts) },
      ],
    });
    const pod = await world.until("init", phaseIs("Succeeded"));
    expect(state(pod).terminated?.message).toBe("one\nside\ntwo\n");
    expect(state(pod, "side").terminated).toMatchObject({ exitCode: 0 });
  });

  test("that fail end the pod with Never", async () => {
    await world.run("broken", [{}], { ...once, initContainers: [{ name: "one", image: "busy:1", ...sh("exit 2") }] });
    const pod = await world.until("broken", phaseIs("Failed"));
    expect(state(pod, "one").terminated?.exitCode).toBe(2);
    expect(state(pod).waiting?.reason).toBe("PodInitializing");
  });
});

describe("hooks and the grace period", () => {
  test("postStart comes before the pod runs, preStop before the signal", async () => {
    const mounts = { volumeMounts: [{ name: "v", mountPath: "/v" }] };
    await world.client.create(persistentvolumeclaims, {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "hooks", namespace: "default" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
    });
    const volumes = [{ name: "v", persistentVolumeClaim: { claimName: "hooks" } }];
    const exec = (text: string) => ({ exec: { command: ["sh", "-c", `sleep 0.1; echo ${text} >>/v/log`] } });
    await world.run(
      "hooks",
      [
        sh("trap 'echo term >>/v/log; exit 0' TERM; while :; do sleep 0.05; done", {
          ...mounts,
          lifecycle: { postStart: exec("post"), preStop: exec("pre") },
        }),
      ],
      { volumes },
    );
    await world.until("hooks", isReady);
    await world.delete("hooks");
    await world.until("hooks", (one) => one === undefined);
    // The claim's volume outlives the pod.
    expect(await wordsOf("read", "cat /v/log", mounts, { volumes })).toBe("post\npre\nterm\n");
  });

  test("a hook that fails is told", async () => {
    const fails = { exec: { command: ["false"] } };
    await world.run("hookless", [{ lifecycle: { postStart: fails, preStop: fails } }], {
      ...once,
      terminationGracePeriodSeconds: 1,
    });
    await world.until("hookless", phaseIs("Failed"));
    expect(await world.events("hookless")).toEqual(
      expect.arrayContaining([
        "FailedPostStartHook: PostStartHook failed",
        "Killing: FailedPostStartHook",
        "FailedPreStopHook: PreStopHook failed",
      ]),
    );
  });

  test("what ignores the signal and forks away is killed, all of it", async () => {
    const mark = `94${process.pid}`;
    await world.run("stubborn", [
      sh(
        `trap '' TERM INT HUP; sleep ${mark} & (setsid sleep ${mark} &); (setsid sh -c "trap '' TERM; sleep ${mark}; true" &); sleep ${mark}; sleep ${mark}`,
      ),
    ]);
    await world.until("stubborn", isReady);
    await expect.poll(() => processesWith(mark).length).toBeGreaterThanOrEqual(5);
    await world.delete("stubborn", 1);
    await world.until("stubborn", (one) => one === undefined);
    expect(processesWith(mark).length).toBe(0);
  });

  test("a pod that is removed by force is killed all the same", async () => {
    const mark = `93${process.pid}`;
    await world.run("forced", [sh(`trap '' TERM; sleep ${mark}; sleep ${mark}`)]);
    await world.until("forced", isReady);
    await world.delete("forced", 0);
    await world.until("forced", (one) => one === undefined);
    await expect.poll(() => processesWith(mark).length, { timeout: 10_000 }).toBe(0);
  });

  test("the last status says how the program ended", async () => {
    await world.run("polite", [{ image: "server:1", readinessProbe: { tcpSocket: { port: 8080 } } }]);
    const before = await world.until("polite", isReady);
    const seen: (number | undefined)[] = [];
    const gone = world.until("polite", (one) => {
      if (one?.metadata.uid === before!.metadata.uid) seen.push(state(one).terminated?.exitCode);
      return one === undefined;
    });
    await world.delete("polite");
    await gone;
    expect(seen.at(-1)).toBe(0);
  });

  test("a deadline ends the pod", async () => {
    await world.run("late", [{}], { activeDeadlineSeconds: 1, terminationGracePeriodSeconds: 1 });
    const pod = await world.until("late", phaseIs("Failed"));
    expect(pod?.status).toMatchObject({
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    });
  });
});

describe.skipIf(!isolation.namespaces)("volumes", () => {
  test("of every sort have what they should", async () => {
    await world.client.create(configmaps, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "files", namespace: "default" },
      data: { a: "A", b: "B" },
    });
    await world.client.create(secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "files", namespace: "default" },
      data: { key: "czNjcmV0" },
    });
    const words = await wordsOf(
      "volumes",
      "cat /cfg/a /sub/b /sec/key /pod/labels /all/token | cut -c1-40; stat -L -c %a /sec/key; ls /cfg; echo x >/cfg/new || echo refused",
      {
        volumeMounts: [
          { name: "cfg", mountPath: "/cfg" },
          { name: "cfg", mountPath: "/sub/b", subPath: "b" },
          { name: "sec", mountPath: "/sec", readOnly: true },
          { name: "pod", mountPath: "/pod" },
          { name: "all", mountPath: "/all" },
        ],
      },
      {
        volumes: [
          { name: "cfg", configMap: { name: "files" } },
          { name: "sec", secret: { secretName: "files", defaultMode: 0o400 } },
          { name: "pod", downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.name" } }] } },
          { name: "all", projected: { sources: [{ serviceAccountToken: { path: "token", expirationSeconds: 600 } }] } },
        ],
      },
    );
    expect(words).toMatch(/^ABs3cretvolumeseyJ/);
    expect(words).toContain("400\na\nb\n");
    expect(words).toContain("Read-only file system\nrefused\n");
  });

  test("follow their ConfigMap while the pod runs", async () => {
    await world.client.create(configmaps, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "live", namespace: "default" },
      data: { a: "old" },
    });
    await world.run(
      "live",
      [
        sh('until [ "$(cat /cfg/a)" = new ]; do sleep 0.02; done; ls /cfg >/dev/termination-log', {
          volumeMounts: [{ name: "cfg", mountPath: "/cfg" }],
        }),
      ],
      { ...once, volumes: [{ name: "cfg", configMap: { name: "live" } }] },
    );
    await world.until("live", isReady);
    await world.client.patch(configmaps, "live", "default", { type: "merge", body: { data: { a: "new", b: "more" } } });
    const pod = await world.until("live", phaseIs("Succeeded"));
    expect(state(pod).terminated?.message).toBe("a\nb\n");
  });

  test("the names of Services are known, also of those that come later", async () => {
    const port = { name: "http", port: 80 };
    await world.client.create(services, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "early", namespace: "default" },
      spec: { ports: [port] },
    });
    const script =
      "getent hosts early >/dev/termination-log; until getent hosts late.default.svc.cluster.local >>/dev/termination-log; do sleep 0.02; done";
    await world.run("names", [sh(script)], once);
    await world.until("names", isReady);
    const { spec } = await world.client.create(services, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "late", namespace: "default" },
      spec: { ports: [port] },
    });
    const pod = await world.until("names", phaseIs("Succeeded"));
    const lines = state(pod).terminated?.message?.trim().split("\n") ?? [];
    expect(lines[0]).toMatch(/^127\.\d+\.\d+\.\d+\s+early/);
    expect(lines[1]).toContain(spec.clusterIP);
  });

  test("are shared by the containers of a pod", async () => {
    const mounts = { volumeMounts: [{ name: "v", mountPath: "/shared" }] };
    await world.run(
      "shared",
      [sh("until [ -e /shared/x ]; do sleep 0.02; done", mounts), sh("echo >/shared/x", mounts)],
      { ...once, volumes: [{ name: "v", emptyDir: {} }] },
    );
    await world.until("shared", phaseIs("Succeeded"));
  });
});
