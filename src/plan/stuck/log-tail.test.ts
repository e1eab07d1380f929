import { expect, test } from "vitest";
import { readLogTail } from "./log-tail.ts";

const uncaught = `file:///app/config.js:12
    throw new Error(\`environment variable \${name} is not set\`);
          ^

Error: environment variable RESTAURANT_MENU_SOURCE is not set
    at property (file:///app/config.js:12:11)
    at file:///app/server.js:30:9

Node.js v24.21.0
`;

test.each<[string, string, readonly string[], ReturnType<typeof readLogTail>]>([
  ["nothing", "", [], { addressInUse: false }],
  [
    "an uncaught error of Node",
    uncaught,
    ["PORT"],
    {
      line: "Error: environment variable RESTAURANT_MENU_SOURCE is not set",
      variable: "RESTAURANT_MENU_SOURCE",
      addressInUse: false,
    },
  ],
  [
    "a variable that the container has is not the missing one",
    "fatal: DATABASE_URL and MENU_SOURCE are required",
    ["DATABASE_URL"],
    { line: "fatal: DATABASE_URL and MENU_SOURCE are required", variable: "MENU_SOURCE", addressInUse: false },
  ],
  [
    "a variable without underscore, when it is called one",
    "error: missing environment variable TOKEN",
    [],
    { line: "error: missing environment variable TOKEN", variable: "TOKEN", addressInUse: false },
  ],
  [
    "Spring's words",
    "Could not resolve placeholder 'MENU_SOURCE' in value: not defined",
    [],
    {
      line: "Could not resolve placeholder 'MENU_SOURCE' in value: not defined",
      variable: "MENU_SOURCE",
      addressInUse: false,
    },
  ],
  [
    "an error code is no variable",
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/app/x.js'\n    at finalize (node:internal)",
    [],
    { line: "Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/app/x.js'", addressInUse: false },
  ],
  ["the last line, when none complains", "starting\nbye", [], { line: "bye", addressInUse: false }],
  [
    "an address in use on all interfaces",
    "Error: listen EADDRINUSE: address already in use 0.0.0.0:8080\n    at Server.setupListenHandle",
    [],
    { line: "Error: listen EADDRINUSE: address already in use 0.0.0.0:8080", addressInUse: true },
  ],
  [
    "the same in IPv6",
    "Error: listen EADDRINUSE: address already in use :::8080",
    [],
    { line: "Error: listen EADDRINUSE: address already in use :::8080", addressInUse: true },
  ],
  [
    "an address of one interface",
    "Error: listen EADDRINUSE: address already in use 127.64.128.2:8080",
    [],
    { line: "Error: listen EADDRINUSE: address already in use 127.64.128.2:8080", addressInUse: false },
  ],
])("%s", (_, text, defined, tail) => {
  expect(readLogTail(text, defined)).toEqual(tail);
});
