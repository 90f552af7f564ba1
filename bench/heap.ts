// A gateway whose heap can be looked at: `SIGUSR2` prints what is live after a collection, in bytes. Run it with
// `--expose-gc`, the configuration, the folder of its state and its token.
import { createLog } from "../src/base/log.ts";
import { loadConfig } from "../src/base/config/load.ts";
import { startGateway } from "../src/gateway.ts";

const [path = "", stateFolder = "", secret = ""] = process.argv.slice(2);
const loaded = loadConfig({ path, environment: { OPENCLAW_STATE_DIR: stateFolder }, cwd: import.meta.dirname });
const gateway = await startGateway({
  ...loaded,
  credential: { mode: "token", secret, origin: "configured" },
  log: createLog("error"),
});
process.on("SIGUSR2", () => {
  // What the first collection lets go by finalisers is free after the second.
  globalThis.gc?.();
  globalThis.gc?.();
  console.log(`heap ${process.memoryUsage().heapUsed}`);
});
process.once("SIGTERM", () => process.exit(0));
console.log(`listens on ${gateway.url}`);
