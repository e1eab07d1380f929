import { HttpError } from "./http.ts";

/** Asks another service; undefined when it says 404. A service that fails makes this one fail with 502. */
export async function fetchJson<T>(url: string, headers: Record<string, string>): Promise<T | undefined> {
  let response: Response;
  try {
    response = await fetch(url, { headers, signal: AbortSignal.timeout(5000) });
  } catch (error) {
    throw new HttpError(502, `${url}: ${(error as Error).message}`);
  }
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new HttpError(502, `${url} answered ${response.status}`);
  }
  return (await response.json()) as T;
}
