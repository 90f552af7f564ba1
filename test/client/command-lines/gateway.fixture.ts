import { startTestGateway, type TestGateway } from "../../gateway.fixture.ts";
import { startUpstream, type Upstream } from "../../upstream/servers/upstream.fixture.ts";
import { toCoder } from "./coder.fixture.ts";
import type { CommandLine } from "./command-lines.fixture.ts";

/** A gateway whose agent `main` is the built-in assistant, as it comes, and `coder` a model that writes and shows a note; it knows the client's chats. */
export async function startForClient(client: CommandLine): Promise<{ gateway: TestGateway; upstream: Upstream }> {
  const upstream = await startUpstream("openai-chat", toCoder(client));
  const gateway = await startTestGateway({
    config: {
      gateway: {
        http: {
          endpoints: {
            chatCompletions: { sessions: { chatIdHeaders: client.preset === undefined ? [] : [client.preset] } },
          },
        },
      },
      agents: {
        list: [
          { id: "main", default: true },
          { id: "coder", model: "lab/coder" },
        ],
      },
      models: {
        providers: {
          embedded: { directives: false },
          lab: { api: "openai-completions", baseUrl: upstream.baseUrl },
        },
      },
    },
  });
  return { gateway, upstream };
}
