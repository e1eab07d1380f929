import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openSqliteStore } from "./sqlite-file.ts";
import { describeStore } from "./store.case.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-store-"));
let files = 0;
afterAll(() => rmSync(directory, { recursive: true }));

describeStore("openSqliteStore", (options) => openSqliteStore(join(directory, `${files++}.db`), options));
