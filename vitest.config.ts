import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tools/longest-first.ts";

// The store's worker and every program that a test starts strip their TypeScript once and not at each start.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/compile");

/** For `npm run check` alone, since each takes seconds that nobody who changes a line should wait for. */
const slow = [
  // A browser, agents and tool servers of others.
  "test/client/command-lines/live.test.ts",
  "test/page/{page,doors,reference,suite-report}.test.ts",
  "src/tool/mcp/everything.test.ts",
  "test/command/doctor-tools.test.ts",
  // Programs that are started as their users do, again and again: the suite's, npx, one under each umask, on each broken
  // setup, beside a gateway, to be ended by a signal.
  "conformance/commands/programs.test.ts",
  "contract/test/linked.test.ts",
  "test/command/{agent-gateway,broken-setups,ending,model,npx,reload,state-folder-modes,young-space}.test.ts",
  // Every line, snippet and sample that a document shows.
  "test/documents/{fences,samples}.test.ts",
  "conformance/test/examples.test.ts",
  // Gateways and databases that stand still, are killed or follow one another.
  "test/keys/shared-limits.test.ts",
  "test/runs/elsewhere.test.ts",
  "test/session/{clock,server-restart,two-gateways}.test.ts",
  "test/socket/two-gateways.test.ts",
  "test/wire/{stood-still,stopped}.test.ts",
  "src/session/sqlite/crash.test.ts",
  "src/session/postgres/lost-connections.test.ts",
  // Deadlines that have to pass, hundreds of connections, and servers that flood, die or say nothing.
  "src/base/deadline-awake.test.ts",
  "conformance/{test/{faults,full-disk,subjects,websocket},self-test/one-file,commands/{named-files,slow-servers,waiting},recording/ends,recording/flood,recording/own-gateway,recording/recording}.test.ts",
  "test/upstream/{chaos,odd-tool-servers,pool,relay,server-tools,tool-revisions}.test.ts",
  "test/wire/{slow-readers,stall,stream-slow}.test.ts",
];

export default defineConfig(({ mode }) => ({
  test: {
    include: ["{src,contract,openapi,conformance,examples,bench,test}/**/*.test.ts"],
    exclude: ["**/node_modules/**", ...(mode === "all" ? [] : slow)],
    reporters: ["default", ["json", { outputFile: "reports/tests.json" }]],
    // `npm test` holds the newest and the oldest SDK against the gateway, which differ most, and of vendors one for each
    // API; `npm run check` all.
    env: mode === "all" ? { SDK_MAJORS: "7 6 5 4" } : { SDK_MAJORS: "7 4", BREADTH: "narrow" },
    // No test shall fail because the machine is busy: this is for what hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    // What still fails for a moment on a machine that others share is tried once more there, and the closing line names it.
    retry: mode === "all" && process.env["CI"] !== undefined ? 1 : 0,
    // Two cores; what is beyond them runs while others wait for deadlines and processes. More of it ends sooner, but takes
    // the more time of the cores the more it is.
    maxWorkers: mode === "all" ? 5 : 3,
    // The files of a worker share its modules: loading them anew for each of 200 files took a third of all CPU. Whoever
    // changes something of the process (a variable, a signal's listener) puts it back; test/traces.setup.ts looks.
    isolate: false,
    globalSetup: ["test/postgres.setup.ts"],
    setupFiles: ["test/traces.setup.ts", "test/end.setup.ts"],
    sequence: { sequencer: LongestFirst },
    // Tests that are side by side wait for deadlines, most of the time.
    maxConcurrency: 10,
    // Node imports the modules itself, TypeScript and CommonJS alike, which is how the gateway runs: nothing is translated
    // first, and no call from one module to another goes through a proxy.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Room for what a test makes and drops: a worker's heap is large, and to look through it often costs a tenth of all CPU.
    execArgv: ["--min-semi-space-size=16", "--max-semi-space-size=64"],
  },
}));
