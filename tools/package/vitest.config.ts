import { defineConfig } from "vitest/config";

// Builds, packs and installs, which takes more than a test may: `npm run test:package`, and within `npm run check`.
export default defineConfig({
  test: {
    include: ["tools/{package,first-minute}/*.test.ts"],
    globalSetup: ["tools/package/build.fixture.ts"],
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
