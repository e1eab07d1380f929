import { constants } from "node:os";
import type { Container } from "../../api/generated/core-v1.ts";

/**
 * The signal that asks a container's program to end: the pod's word, the image's, SIGTERM. Numbers and short names are
 * understood.
 */
export function stopSignalOf(container: Container | undefined, imageSignal: string | undefined): NodeJS.Signals {
  return parseSignal(container?.lifecycle?.stopSignal) ?? parseSignal(imageSignal) ?? "SIGTERM";
}

function parseSignal(text: string | undefined): NodeJS.Signals | undefined {
  if (!text) return undefined;
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  if (/^\d+$/.test(text)) return names.find((name) => constants.signals[name] === Number(text));
  const upper = text.toUpperCase();
  return names.find((name) => name === upper || name === `SIG${upper}`);
}
