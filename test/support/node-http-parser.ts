import { createRequire } from "node:module";

/** A message as Node's parser (llhttp, strict) reads it. `line`: method, target and version, or version and status. */
export interface NodeMessage {
  readonly line: string;
  /** `name: value` as they came, values without white space around them. */
  readonly fields: readonly string[];
  readonly content: string;
}

interface Parser {
  initialize(type: number, resource: object): void;
  execute(bytes: Buffer): number | Error;
  finish(): Error | undefined;
  [callback: number]: (...args: never[]) => unknown;
}

/** What node:http is built on; it has no public name, and nothing but these tests uses it. */
const { HTTPParser, methods } = createRequire(import.meta.url)("_http_common") as {
  readonly HTTPParser: {
    new (): Parser;
    readonly REQUEST: number;
    readonly RESPONSE: number;
    readonly kOnHeaders: number;
    readonly kOnHeadersComplete: number;
    readonly kOnBody: number;
    readonly kOnMessageComplete: number;
  };
  readonly methods: readonly string[];
};

/** The messages that are complete in the bytes, and what was wrong with the first that is not. `noContent`: as in answers to HEAD. */
export function readByNode(
  kind: "REQUEST" | "RESPONSE",
  bytes: Buffer,
  noContent = false,
): { readonly messages: readonly NodeMessage[]; readonly refused: string | undefined } {
  const parser = new HTTPParser();
  parser.initialize(HTTPParser[kind], {});
  const messages: NodeMessage[] = [];
  let raw: string[] = [];
  let fields: string[] = [];
  let url = "";
  let line = "";
  let content = "";
  parser[HTTPParser.kOnHeaders | 0] = (more: string[], at: string) => {
    raw.push(...more);
    url = at;
  };
  parser[HTTPParser.kOnHeadersComplete | 0] = (
    major: number,
    minor: number,
    headers: string[] | null,
    method: number,
    target: string | null,
    status: number | null,
  ) => {
    fields = pairs(headers ?? raw);
    raw = [];
    const version = `HTTP/${major}.${minor}`;
    line = kind === "REQUEST" ? `${methods[method]} ${target ?? url} ${version}` : `${version} ${status}`;
    content = "";
    return noContent ? 1 : 0;
  };
  parser[HTTPParser.kOnBody | 0] = (piece: Buffer) => (content += piece.toString("latin1"));
  parser[HTTPParser.kOnMessageComplete | 0] = () => {
    messages.push({ line, fields, content });
    // What has come since the end of the head were trailers.
    raw = [];
  };
  const result = parser.execute(bytes);
  const error = result instanceof Error ? result : parser.finish();
  return { messages, refused: error === undefined ? undefined : (error as NodeJS.ErrnoException).code };
}

function pairs(raw: readonly string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2)
    fields.push(`${raw[i]}: ${(raw[i + 1] ?? "").replace(/^[ \t]+|[ \t]+$/g, "")}`);
  return fields;
}
