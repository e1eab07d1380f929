import { defineConfig, type ViteUserConfig } from "vitest/config";

/** No test judges how long something takes; this only ends those that hang, on a machine that is busy with other things too. */
const TIMEOUT = 120_000;

/** unit: beside the code. integration: real sockets, disks and clients. e2e: the whole program, one file at a time. */
const config: ViteUserConfig = defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "examples/**/*.test.ts", "test/fuzz/**/*.test.ts"],
          testTimeout: TIMEOUT,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts", "test/conformance/**/*.test.ts"],
          testTimeout: TIMEOUT,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
export default config;
