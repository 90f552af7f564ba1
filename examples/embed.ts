// A gateway inside a program: on a free port, with its state in a folder of its own.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSilentLog, loadCredential, parseConfig, startGateway } from "../src/index.ts";

const token = crypto.randomUUID();
const config = parseConfig({
  gateway: { port: 0, auth: { token }, http: { endpoints: { chatCompletions: { enabled: true } } } },
  agents: { defaults: { model: "embedded/assistant" } },
});
const stateFolder = mkdtempSync(join(tmpdir(), "clawgate-"));
const credential = loadCredential(config, stateFolder);
const gateway = await startGateway({ config, credential, stateFolder, folder: stateFolder, log: createSilentLog() });

const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
  method: "POST",
  headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  body: JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: "What is 6 times 7?" }] }),
});
console.log(await answer.text());
await gateway.stop();
