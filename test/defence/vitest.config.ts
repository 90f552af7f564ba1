import { join } from "node:path";
import { defineConfig } from "vitest/config";

process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "../../node_modules/.cache/compile");

// Attacks that take many sockets, much memory or minutes: `npm run test:defence`, and no part of `npm test`. One file at a
// time, because what they measure is whether others are still served.
export default defineConfig({
  test: {
    root: join(import.meta.dirname, "../.."),
    include: ["{test/defence,conformance/test}/*.defence.ts"],
    reporters: ["default", ["json", { outputFile: "reports/defence.json" }]],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    fileParallelism: false,
    globalSetup: ["test/postgres.setup.ts"],
    setupFiles: ["test/traces.setup.ts", "test/end.setup.ts"],
    deps: { interopDefault: false },
  },
});
