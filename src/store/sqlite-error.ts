/** Primary result codes of SQLite. https://www.sqlite.org/rescode.html */
export const SQLITE: {
  readonly ERROR: 1;
  readonly PERM: 3;
  readonly BUSY: 5;
  readonly READONLY: 8;
  readonly IOERR: 10;
  readonly CORRUPT: 11;
  readonly FULL: 13;
  readonly CANTOPEN: 14;
  readonly NOTADB: 26;
} = { ERROR: 1, PERM: 3, BUSY: 5, READONLY: 8, IOERR: 10, CORRUPT: 11, FULL: 13, CANTOPEN: 14, NOTADB: 26 };

/** The primary result code of an error of node:sqlite; 0 when it is not one. */
export function sqliteCode(error: unknown): number {
  const code = (error as { readonly errcode?: unknown }).errcode;
  return typeof code === "number" ? code & 0xff : 0;
}

/** Read-only for no reason that has an extended code: the file's own header says so. */
export function isPlainReadOnly(error: unknown): boolean {
  return (error as { readonly errcode?: unknown }).errcode === SQLITE.READONLY;
}

const CAUSES: Readonly<Record<number, string>> = {
  [SQLITE.READONLY]: "the file or its directory is read-only",
  [SQLITE.IOERR]: "the disk reports an error",
  [SQLITE.FULL]: "the disk is full",
  [SQLITE.CANTOPEN]: "the file or its directory cannot be opened",
};

/** What a person can do something about. */
export function describeSqliteError(error: unknown): string {
  return CAUSES[sqliteCode(error)] ?? (error as Error).message;
}
