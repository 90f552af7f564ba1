import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Gets clients from npm that others have made, some hundred megabytes each, and runs them: `npm run test:clients`.
// With CLIENTS_RECORD=1 it writes down anew what they send.
export default defineConfig({
  test: {
    root: join(import.meta.dirname, "../../.."),
    include: ["test/client/command-lines/live.test.ts"],
    env: { CLIENTS: "install" },
    setupFiles: ["test/end.setup.ts"],
    hookTimeout: 120_000,
    deps: { interopDefault: false },
  },
});
