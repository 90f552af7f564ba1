// openclaw.mjs STATE UPSTREAM KEY: writes the configuration of an OpenClaw with its chat endpoint and one provider.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const [state, upstream, key] = process.argv.slice(2);
const model = { id: "gpt-4o", name: "gpt-4o", contextWindow: 128_000, maxTokens: 4096 };
const config = {
  gateway: {
    mode: "local",
    bind: "loopback",
    auth: { mode: "token", token: key },
    http: { endpoints: { chatCompletions: { enabled: true } } },
  },
  agents: { defaults: { model: { primary: "up/gpt-4o" }, workspace: join(state, "workspace"), skipBootstrap: true } },
  models: {
    mode: "merge",
    providers: { up: { baseUrl: upstream, apiKey: key, api: "openai-completions", models: [model] } },
  },
};
writeFileSync(join(state, "openclaw.json"), JSON.stringify(config));
