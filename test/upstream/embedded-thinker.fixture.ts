import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";

/** Its scenarios refuse a result whose call has come back without its reasoning. */
export async function startEmbedded(tool: string, agent: object = {}, providers: object = {}): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "thinker.json");
  writeFileSync(file, JSON.stringify({ scenarios: toScenarios(tool) }));
  return startTestGateway({
    config: {
      gateway: { http: { endpoints: { sessions: { enabled: true } } } },
      mcp: { servers: { fixture: await playSay() } },
      models: { providers: { embedded: { api: "embedded", scenarios: [file] }, ...providers } },
      agents: { list: [{ id: "main", default: true, model: "embedded/scenario", ...agent }] },
    },
  });
}

function toScenarios(tool: string): object[] {
  const args = tool === "get_weather" ? { city: "Oslo" } : { text: "hi" };
  return [
    {
      name: "answer",
      match: { toolResult: true, reasoning: "Look at the sky first." },
      reply: [{ text: "It is 7 degrees." }],
    },
    { name: "refuse", match: { toolResult: true }, reply: [{ error: { code: "upstream_rejected" } }] },
    {
      name: "call",
      match: {},
      reply: [{ reasoning: "Look at the sky first." }, { toolCall: { name: tool, arguments: args } }],
    },
  ];
}
