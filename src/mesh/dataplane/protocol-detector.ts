import { TOKEN } from "../http1/bytes.ts";

const SP = 0x20;
/** Longest method that is looked for; registered ones have at most 17 letters. */
const LONGEST_METHOD = 24;

/**
 * Whether what a client said first is the beginning of an HTTP/1 request; undefined: too little has come to tell. A request line
 * begins with a method, a space, and a target that is a path, `*`, or an absolute `http:` URL; when the whole line is there, it
 * ends with a version.
 */
export function beginsHttp1(bytes: Buffer): boolean | undefined {
  let at = 0;
  while (at < bytes.length && at <= LONGEST_METHOD && TOKEN[bytes[at] as number] !== 0) at++;
  if (at === bytes.length && at <= LONGEST_METHOD) return undefined;
  if (at === 0 || at > LONGEST_METHOD || bytes[at] !== SP) return false;
  if (at + 1 === bytes.length) return undefined;
  const target = String.fromCharCode(bytes[at + 1] as number);
  if (!"/*hH".includes(target)) return false;
  const end = bytes.indexOf("\r\n");
  if (end < 0) return target === "/" ? true : undefined;
  return /^\S+ \S+ HTTP\/1\.\d$/.test(bytes.toString("latin1", 0, end));
}
