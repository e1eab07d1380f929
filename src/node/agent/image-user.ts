import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerIdentity } from "../../plan/node/container-command.ts";
import { ContainerConfigError } from "../../plan/node/environment.ts";
import { MergedTree } from "../images/merged-tree.ts";

export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/**
 * Turns a user and group, as an image or a pod names them, into numbers, by the image's /etc/passwd and /etc/group,
 * else the machine's.
 */
export function resolveUser(identity: ContainerIdentity, imageRoot: string): ResolvedUser {
  const passwd = table(imageRoot, "passwd");
  const isNumber = /^\d+$/.test(identity.user);
  const entry = passwd.find((fields) => (isNumber ? fields[2] : fields[0]) === identity.user);
  if (!entry && !isNumber) {
    if (identity.user !== "root") throw unable("user", identity.user);
    return { uid: 0, gid: 0, home: "/root" };
  }
  const uid = Number(entry?.[2] ?? identity.user);
  const gid = identity.group === undefined ? Number(entry?.[3] ?? 0) : resolveGroup(identity.group, imageRoot);
  return { uid, gid, home: entry?.[5] || (uid === 0 ? "/root" : "/") };
}

function resolveGroup(group: string, imageRoot: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const entry = table(imageRoot, "group").find(([name]) => name === group);
  if (!entry) throw unable("group", group);
  return Number(entry[2]);
}

function table(imageRoot: string, name: string): readonly (readonly string[])[] {
  const tree = new MergedTree([imageRoot]);
  const entry = tree.lookup(tree.resolve(join("/etc", name)));
  const path = entry.kind === "file" ? entry.source : join("/etc", name);
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}

const unable = (what: string, name: string): ContainerConfigError =>
  new ContainerConfigError(
    `unable to find ${what} ${name}: no matching entries in ${what === "user" ? "passwd" : "group"} file`,
    "CreateContainerError",
  );
