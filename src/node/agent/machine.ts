import { readFileSync, statfsSync } from "node:fs";
import { availableParallelism, release, totalmem } from "node:os";
import type { NodeSystemInfo } from "../../api/generated/core-v1.ts";
import { ociArchitecture } from "../images/image-spec.ts";
import { bootId } from "../process/process-identity.ts";

/** Version of Kubernetes whose kubelet this node behaves like. */
const KUBELET_VERSION = "v1.36.3";
const MAX_PODS = 110;

/** What the machine has, as quantities. */
export function machineCapacity(home: string): Readonly<Record<string, string>> {
  const { blocks, bsize } = statfsSync(home);
  return {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    "ephemeral-storage": `${Math.floor((blocks * bsize) / 1024)}Ki`,
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    pods: String(MAX_PODS),
  };
}

/** Bytes that may still be written to the home's file system by its owner. */
export function freeBytes(home: string): number {
  const { bavail, bsize } = statfsSync(home);
  return bavail * bsize;
}

export function machineInfo(version: string): NodeSystemInfo {
  return {
    machineID: readLine("/etc/machine-id"),
    systemUUID: readLine("/sys/class/dmi/id/product_uuid"),
    bootID: bootId(),
    kernelVersion: release(),
    osImage: osImage(),
    containerRuntimeVersion: `process://${version}`,
    kubeletVersion: `${KUBELET_VERSION}+sluice.${version}`,
    kubeProxyVersion: "",
    operatingSystem: "linux",
    architecture: ociArchitecture(process.arch),
  };
}

function osImage(): string {
  const match = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readText("/etc/os-release"));
  return match?.[1] ?? "Linux";
}

const readLine = (path: string): string => readText(path).trim();

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
