// llms.mjs FOLDER PORT UPSTREAM KEY: @musistudio/llms with one provider.
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, port, upstream, key] = process.argv.slice(2);
const { default: Server } = createRequire(join(folder, "package.json"))("@musistudio/llms");
const provider = {
  name: "up",
  api_base_url: `${upstream}/chat/completions`,
  api_key: key,
  models: ["openclaw"],
  transformer: { use: [] },
};
await new Server({ initialConfig: { HOST: "127.0.0.1", PORT: Number(port), providers: [provider] } }).start();
