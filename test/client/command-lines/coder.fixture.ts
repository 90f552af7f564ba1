import type { Script } from "../../upstream/servers/script.fixture.ts";
import type { UpstreamRequest } from "../../upstream/servers/upstream.fixture.ts";
import type { CommandLine } from "./command-lines.fixture.ts";

interface WireMessage {
  readonly role: string;
  readonly content?: unknown;
}

interface WireBody {
  readonly messages: readonly WireMessage[];
  readonly tools?: readonly unknown[];
}

/** What the file shall hold. */
export const note = "harvest moon";

/** A model that writes the note, shows it, and says what it has seen; it has no words for anything else. */
export function toCoder(client: Pick<CommandLine, "write" | "shell">): (request: UpstreamRequest) => Script {
  return ({ body }) => {
    const { messages, tools = [] } = body as unknown as WireBody;
    if (tools.length === 0) return [{ text: "A note" }];
    const results = messages.filter(({ role }) => role === "tool");
    const path = /\/[^\s"]+\/note\.txt/.exec(JSON.stringify(messages))?.[0] ?? "";
    if (results.length === 0) return [{ call: { id: "call_write_1", ...client.write(path, `${note}\n`) } }];
    if (results.length === 1) return [{ call: { id: "call_show_1", ...client.shell(`cat ${path}`) } }];
    const seen = JSON.stringify(results.at(-1)?.content).includes(note) ? note : "nothing";
    return [{ text: `The note says: ${seen}.` }];
  };
}
