import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ImageStore } from "./image-store.ts";
import { type TarEntry, TarWriter } from "./tar-writer.ts";

let dir: string;
let store: ImageStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sluice-images-"));
  store = new ImageStore(join(dir, "images"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Writes files (`path: content`, `path: -> target` for a link) and returns the directory. */
function context(files: Readonly<Record<string, string>>, name = "context"): string {
  const root = join(dir, name);
  mkdirSync(root, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (content.startsWith("-> ")) symlinkSync(content.slice(3), join(root, path));
    else writeFileSync(join(root, path), content);
  }
  return root;
}

/** All files of the image, as `path: content`. */
async function filesOf(name: string): Promise<Record<string, string>> {
  const root = await store.unpack(store.find(name)!);
  const files: Record<string, string> = {};
  const visit = (directory: string): void => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) visit(path);
      else
        files[path] = entry.isFile() ? readFileSync(join(root, path), "utf8") : `-> ${readlinkSync(join(root, path))}`;
    }
  };
  visit("/");
  return files;
}

const build = (dockerfile: string, files: Readonly<Record<string, string>> = {}, name = "app:1") =>
  store.build({ context: context({ ...files, Dockerfile: dockerfile }), name });

describe("build", () => {
  test("makes an image from a program", async () => {
    const image = await build('FROM scratch\nCOPY server.js /app/\nEXPOSE 8080\nCMD ["node", "/app/server.js"]', {
      "server.js": "1",
    });
    expect(image.names).toEqual(["docker.io/library/app:1"]);
    expect(image.config).toMatchObject({ Cmd: ["node", "/app/server.js"], ExposedPorts: { "8080/tcp": {} } });
    expect(await filesOf("app:1")).toEqual({ "/app/server.js": "1" });
    expect(store.find("app:2")).toBeUndefined();
    expect(store.find(image.id)?.digest).toBe(image.digest);
    expect(store.find(`app@${image.digest}`)?.id).toBe(image.id);
  });

  test.each<[string, string, Record<string, string>]>([
    ["a directory's content", "COPY src /app", { "/app/a": "a", "/app/sub/b": "b" }],
    ["everything", "COPY . /", { "/src/a": "a", "/src/sub/b": "b", "/x.js": "x", "/y.js": "y" }],
    ["a file under another name", "COPY x.js /main.js", { "/main.js": "x" }],
    ["a file into a directory", "COPY x.js /app/", { "/app/x.js": "x" }],
    ["a file into the working directory", "WORKDIR /w\nCOPY x.js .", { "/w/x.js": "x" }],
    ["a file into a directory that is there", "WORKDIR /w\nCOPY x.js /w", { "/w/x.js": "x" }],
    ["a pattern", "COPY *.js ./", { "/x.js": "x", "/y.js": "y" }],
    ["a pattern over directories", "COPY src/*/b /", { "/b": "b" }],
    ["several sources", "COPY x.js src/a /app/", { "/app/x.js": "x", "/app/a": "a" }],
    ["names with blanks, in JSON", 'COPY ["x.js", "/a b/"]', { "/a b/x.js": "x" }],
    ["what a variable says", "ARG F=x\nCOPY $F.js /$F", { "/x": "x" }],
    ["like ADD", "ADD x.js /", { "/x.js": "x" }],
    ["not from outside of the context", "COPY ../x.js /", { "/x.js": "x" }],
  ])("copies %s", async (_, lines, want) => {
    await build(`FROM scratch\n${lines}`, {
      "src/a": "a",
      "src/sub/b": "b",
      "x.js": "x",
      "y.js": "y",
      ".dockerignore": "Dockerfile\n.dockerignore",
    });
    expect(await filesOf("app:1")).toEqual(want);
  });

  test("leaves out what .dockerignore says, and keeps links", async () => {
    await build("FROM scratch\nCOPY . /a", {
      ".dockerignore": "**/secret\nnode_modules\n!node_modules/keep\nDockerfile\n.dockerignore",
      "x/secret": "s",
      "node_modules/drop": "d",
      "node_modules/keep": "k",
      link: "-> /etc/passwd",
    });
    expect(await filesOf("app:1")).toEqual({ "/a/node_modules/keep": "k", "/a/link": "-> /etc/passwd" });
  });

  test("understands the instructions that describe the program", async () => {
    const { config, warnings } = await build(
      [
        "ARG V=9",
        "FROM scratch",
        "ARG V",
        'ENV A=1 B="two words"',
        "ENV C $A and $V",
        "ENV A=2",
        "WORKDIR /srv",
        "WORKDIR app",
        "USER 1000:2000",
        'LABEL x=y "a b"=c',
        "EXPOSE 80/udp 9000-9001",
        "STOPSIGNAL SIGINT",
        'VOLUME ["/data"]',
        "HEALTHCHECK CMD true",
        "CMD echo $A",
        'ENTRYPOINT ["/bin/run"]',
      ].join("\n"),
    );
    expect(config).toEqual({
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=2", "B=two words", "C=1 and 9"],
      WorkingDir: "/srv/app",
      User: "1000:2000",
      Labels: { x: "y", "a b": "c" },
      ExposedPorts: { "80/udp": {}, "9000/tcp": {}, "9001/tcp": {} },
      StopSignal: "SIGINT",
      Volumes: { "/data": {} },
      Cmd: ["/bin/sh", "-c", "echo $A"],
      Entrypoint: ["/bin/run"],
    });
    expect(warnings).toEqual(["line 14: HEALTHCHECK is ignored: use probes in the pod"]);
  });

  test("builds on a local image", async () => {
    await build('FROM scratch\nCOPY lib /lib/x\nENV A=1\nCMD ["old"]', { lib: "1" }, "base");
    const { config } = await build('FROM base\nCOPY app /app\nENTRYPOINT ["new"]', { app: "2" });
    expect(await filesOf("app:1")).toEqual({ "/lib/x": "1", "/app": "2" });
    expect(config.Cmd).toBeUndefined();
    expect(config.Env).toContain("A=1");
  });

  test.each([
    [
      "FROM scratch\nRUN npm ci",
      "Dockerfile line 2: RUN is not supported: an image is built without running anything.",
    ],
    ["FROM nothere:1", "Dockerfile line 1: FROM nothere:1: no such image in the local store"],
    ["COPY a b", "Dockerfile line 1: no build stage in current context: the first instruction must be FROM"],
    ["FROM scratch\nCOPY nope /", 'Dockerfile line 2: COPY: "nope" is not in the build context'],
    ["FROM scratch\nCOPY ignored /", 'Dockerfile line 2: COPY: "ignored" is left out by .dockerignore'],
    ["FROM scratch\nCOPY one", "Dockerfile line 2: COPY requires at least two arguments, but only 1 was provided"],
    [
      "FROM scratch\nCOPY a b /c",
      "Dockerfile line 2: COPY: with more than one source the destination must be a directory and end with /: /c",
    ],
    ["FROM scratch\nCOPY out /", 'Dockerfile line 2: COPY: "out" points out of the build context'],
    [
      "FROM scratch AS a\nCOPY --from=b a /",
      "Dockerfile line 2: COPY --from is not supported: there are no stages; COPY from the build context",
    ],
    ["FROM scratch\nFROM scratch", "Dockerfile line 2: a second FROM (a multi-stage build) is not supported"],
    [
      "FROM scratch\nADD https://x/y /",
      "Dockerfile line 2: ADD of a URL is not supported: download https://x/y and COPY it",
    ],
    [
      "FROM scratch\nADD a.tar.gz /",
      "Dockerfile line 2: ADD of an archive is not supported: unpack a.tar.gz and COPY the directory",
    ],
    [
      "FROM scratch\nCOPY --chown=bob a /",
      "Dockerfile line 2: --chown=bob: only numbers (and root) are understood, e.g. --chown=1000:1000",
    ],
    ["FROM scratch\nEXPOSE http", "Dockerfile line 2: invalid containerPort: http"],
    [
      "FROM scratch\nENV A",
      'Dockerfile line 2: Syntax error - can\'t find = in "A". Must be of the form: name=value (ENV)',
    ],
    ["FROM scratch\nONBUILD USER 1", "Dockerfile line 2: ONBUILD is not supported"],
  ])("refuses %j", async (dockerfile, message) => {
    const files = { a: "1", b: "2", ignored: "3", ".dockerignore": "ignored", out: "-> /etc/hostname" };
    await expect(build(dockerfile, files)).rejects.toThrow(message);
    expect(store.list()).toEqual([]);
    expect(readdirSync(join(dir, "images/ingest"))).toEqual([]);
  });

  test("a missing build file says where it was looked for", async () => {
    await expect(store.build({ context: context({}), name: "x" })).rejects.toThrow(
      `cannot read ${join(dir, "context/Dockerfile")}`,
    );
  });

  test("keeps modes and honours --chmod", async () => {
    const root = context({ run: "x", Dockerfile: "FROM scratch\nCOPY run /a\nCOPY --chmod=600 run /b" });
    chmodSync(join(root, "run"), 0o755);
    await store.build({ context: root, name: "app" });
    const unpacked = await store.unpack(store.find("app")!);
    expect(statSync(join(unpacked, "a")).mode & 0o777).toBe(0o755);
    expect(statSync(join(unpacked, "b")).mode & 0o777).toBe(0o600);
  });

  test("the same content gives the same digest, whatever the times of the files", async () => {
    const files = { Dockerfile: "FROM scratch\nCOPY . /", a: "1" };
    const first = await store.build({ context: context(files, "one"), name: "one" });
    const second = await store.build({ context: context(files, "two"), name: "two" });
    expect(second.digest).toBe(first.digest);
    expect(store.list().map(({ names }) => names)).toEqual([
      ["docker.io/library/one:latest", "docker.io/library/two:latest"],
    ]);
  });

  test("build arguments that nobody declares are told", async () => {
    const { warnings } = await store.build({
      context: context({ Dockerfile: "FROM scratch\nARG A" }),
      name: "x",
      buildArgs: { A: "1", B: "2" },
    });
    expect(warnings).toEqual(["build arguments that no ARG declares: B"]);
  });
});

describe("names", () => {
  test("a new image takes the name over, and what nobody names any more goes", async () => {
    const first = await build("FROM scratch\nCOPY a /", { a: "1" });
    const second = await build("FROM scratch\nCOPY a /", { a: "2" });
    expect(store.list().map(({ id }) => id)).toEqual([second.id]);
    expect(readdirSync(join(dir, "images/blobs/sha256"))).toHaveLength(3);
    expect(existsSync(store.unpackedPath(first.id))).toBe(true);
    await store.prune(new Set([first.id]));
    expect(existsSync(store.unpackedPath(first.id))).toBe(true);
    await store.prune(new Set());
    expect(existsSync(store.unpackedPath(first.id))).toBe(false);
  });

  test("tag and remove", async () => {
    await build("FROM scratch");
    store.tag("app:1", "localhost:5000/team/app:x");
    expect(store.find("app:1")?.names).toEqual(["docker.io/library/app:1", "localhost:5000/team/app:x"]);
    store.remove("app:1");
    expect(store.find("app:1")).toBeUndefined();
    store.remove("localhost:5000/team/app:x");
    expect(store.list()).toEqual([]);
    expect(readdirSync(join(dir, "images/blobs/sha256"))).toEqual([]);
    expect(() => store.remove("app:1")).toThrow("no image app:1 in the local store");
    expect(() => store.tag("x", "y")).toThrow("no image x in the local store");
  });

  test("a mistyped name is recognised", async () => {
    await build("FROM scratch", {}, "ftgo-restaurant-service:1.1.0.RELEASE");
    expect(store.namesNear("ftgo-restarant-service:1.1.0.RELEASE")).toEqual(["ftgo-restaurant-service:1.1.0.RELEASE"]);
    expect(() => store.remove("ftgo-restaurant-service:1.0.0.RELEASE")).toThrow(
      "did you mean ftgo-restaurant-service:1.1.0.RELEASE?",
    );
  });

  test("a name that is not well formed is refused", async () => {
    await expect(build("FROM scratch", {}, "No Good")).rejects.toThrow('invalid reference format: "No Good"');
  });

  test("watchers hear of a build", async () => {
    const heard = new Promise<void>((resolve) => {
      const stop = store.watch(() => {
        stop();
        resolve();
      });
    });
    await build("FROM scratch");
    await heard;
  });
});

describe("archives", () => {
  const layerOf = async (name: string, entries: readonly [Partial<TarEntry> & { path: string }, string?][]) => {
    const tar = await TarWriter.create(join(dir, name));
    for (const [entry, content = ""] of entries) {
      const body = Buffer.from(content);
      await tar.add(
        { type: "file", mode: 0o644, uid: 0, gid: 0, size: body.length, ...entry },
        body.length > 0 ? [body] : [],
      );
    }
    return { path: join(dir, name), ...(await tar.finish()) };
  };

  /** An archive as `docker save` of old wrote it. */
  async function dockerArchive(layers: readonly { path: string; digest: string }[], gzip = false): Promise<string> {
    const config = {
      architecture: "amd64",
      os: "linux",
      config: { Cmd: ["x"] },
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    };
    const parts = layers.map(({ path }, i) => ({ name: `${i}/layer.tar`, content: readFileSync(path) }));
    const manifest = [{ Config: "config.json", RepoTags: ["old:1"], Layers: parts.map(({ name }) => name) }];
    const root = join(dir, "docker-archive");
    for (const { name, content } of parts) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), content);
    }
    writeFileSync(join(root, "config.json"), JSON.stringify(config));
    writeFileSync(join(root, "manifest.json"), JSON.stringify(manifest));
    execFileSync("tar", [gzip ? "czf" : "cf", join(dir, "docker.tar"), "-C", root, "."]);
    return join(dir, "docker.tar");
  }

  test("what was saved can be loaded elsewhere", async () => {
    const image = await build("FROM scratch\nCOPY a /", { a: "1" });
    store.tag("app:1", "app:2");
    await store.save(["app:1"], join(dir, "out.tar"));
    store = new ImageStore(join(dir, "other"));
    const [loaded] = await store.load(join(dir, "out.tar"));
    expect(loaded).toMatchObject({
      id: image.id,
      digest: image.digest,
      names: ["docker.io/library/app:1", "docker.io/library/app:2"],
    });
    expect(await filesOf("app:2")).toEqual({ "/a": "1" });
  });

  test("docker save's archives load, gzipped too", async () => {
    const layer = await layerOf("l", [[{ path: "etc/x" }, "1"]]);
    await store.load(await dockerArchive([layer], true));
    expect(await filesOf("old:1")).toEqual({ "/etc/x": "1" });
  });

  test("layers hide and replace what is below", async () => {
    const low = await layerOf("low", [
      [{ path: "a/1" }, "1"],
      [{ path: "a/2" }, "2"],
      [{ path: "b/1" }, "1"],
      [{ path: "c/d/e" }, "e"],
      [{ path: "bin", type: "symlink", target: "usr/bin" }],
      [{ path: "file" }, "f"],
    ]);
    const high = await layerOf("high", [
      [{ path: "a/.wh.1" }],
      [{ path: "b/own" }, "o"],
      [{ path: "b/.wh..wh..opq" }],
      [{ path: "c", type: "symlink", target: "a" }],
      [{ path: "bin/tool" }, "t"],
      [{ path: "file/inside" }, "i"],
      [{ path: "hard", type: "hardlink", target: "/a/2" }],
    ]);
    await store.load(await dockerArchive([low, high]));
    expect(await filesOf("old:1")).toEqual({
      "/a/2": "2",
      "/b/own": "o",
      "/c": "-> a",
      "/bin": "-> usr/bin",
      "/usr/bin/tool": "t",
      "/file/inside": "i",
      "/hard": "2",
    });
  });

  test("a layer cannot write outside of the image", async () => {
    writeFileSync(join(dir, "victim"), "safe");
    const evil = await layerOf("evil", [
      [{ path: "out", type: "symlink", target: dir }],
      [{ path: "out/victim" }, "broken"],
      [{ path: "up", type: "symlink", target: "../../../../../../../.." }],
      [{ path: `up${dir}/victim` }, "broken"],
    ]);
    await store.load(await dockerArchive([evil]));
    expect(readFileSync(join(dir, "victim"), "utf8")).toBe("safe");
    const dots = await layerOf("dots", [[{ path: "../victim" }, "broken"]]);
    await expect(store.load(await dockerArchive([dots]))).rejects.toThrow(
      "layer entry ../victim leads out of the image",
    );
    expect(readFileSync(join(dir, "victim"), "utf8")).toBe("safe");
  });

  test("a damaged blob is refused", async () => {
    await build("FROM scratch\nCOPY a /", { a: "1" });
    const { id } = store.find("app:1")!;
    writeFileSync(
      join(dir, "images/blobs/sha256", id.slice(7)),
      readFileSync(join(dir, "images/blobs/sha256", id.slice(7)), "utf8").replace("linux", "linus"),
    );
    await store.save(["app:1"], join(dir, "out.tar"));
    store = new ImageStore(join(dir, "other"));
    await expect(store.load(join(dir, "out.tar"))).rejects.toThrow(`blob ${id} of the archive is damaged`);
  });

  test("something else than an image is refused", async () => {
    const { path } = await layerOf("x.tar", [[{ path: "a" }, "1"]]);
    await expect(store.load(path)).rejects.toThrow("is neither an OCI nor a Docker image archive");
    writeFileSync(join(dir, "y"), "no tar at all, but long enough to hold a whole header".repeat(20));
    await expect(store.load(join(dir, "y"))).rejects.toThrow("tar archive is damaged");
  });
});

describe("several processes", () => {
  const child = (script: string) => {
    const source = `const { ImageStore } = await import(${JSON.stringify(join(import.meta.dirname, "image-store.ts"))});
      const store = new ImageStore(${JSON.stringify(join(dir, "images"))});
      ${script}`;
    return spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "pipe", "inherit"] });
  };

  test("builds at the same time all count", async () => {
    const root = context({ Dockerfile: "FROM scratch\nCOPY . /", a: "1" });
    const children = [0, 1, 2].map((n) =>
      child(
        `for (let i = 0; i < 5; i++) await store.build({ context: ${JSON.stringify(root)}, name: "app:${n}-" + i });`,
      ),
    );
    const codes = await Promise.all(children.map(async (one) => (await once(one, "exit"))[0] as number));
    expect(codes).toEqual([0, 0, 0]);
    expect(store.find("app:0-0")?.names).toHaveLength(15);
  });

  test("a build that is killed leaves no half image, and its leftovers go with the next", async () => {
    const root = context({ Dockerfile: "FROM scratch\nCOPY . /", big: "x".repeat(3_000_000) });
    const victim = child(
      `console.log("go"); for (let i = 0; ; i++) await store.build({ context: ${JSON.stringify(root)}, name: "app:" + i });`,
    );
    await once(victim.stdout, "data");
    victim.kill("SIGKILL");
    await once(victim, "exit");
    for (const image of store.list()) await expect(store.unpack(image)).resolves.toBeTruthy();
    await build("FROM scratch", {}, "other");
    expect(readdirSync(join(dir, "images/ingest"))).toEqual([]);
    expect(readdirSync(join(dir, "images/unpacked")).filter((name) => name.includes("-"))).toEqual([]);
  });
});
