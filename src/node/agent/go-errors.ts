/** Failed connections in Go's words, which users of Kubernetes know from events. */

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  EADDRNOTAVAIL: "cannot assign requested address",
};

/** `dial tcp 127.0.0.1:80: connect: connection refused` */
export function dialError(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === "ENOTFOUND") return `dial tcp: lookup ${host}: no such host`;
  const reason = REASONS[error.code ?? ""];
  if (reason === undefined) return error.message;
  return error.syscall === "connect"
    ? `dial tcp ${host}:${port}: connect: ${reason}`
    : `read tcp ${host}:${port}: read: ${reason}`;
}

/** `Get "http://127.0.0.1:80/": …` */
export function getError(error: NodeJS.ErrnoException, url: string, host: string, port: number): string {
  // Go says EOF when a server closes the connection without an answer.
  const reason = error.code === "ECONNRESET" && error.syscall === undefined ? "EOF" : dialError(error, host, port);
  return `Get ${JSON.stringify(url)}: ${reason}`;
}

/** `Get "http://127.0.0.1:80/": context deadline exceeded (…)` */
export function getTimeout(url: string): string {
  return `Get ${JSON.stringify(url)}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;
}
