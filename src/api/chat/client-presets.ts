import type { Config } from "../../base/contract.ts";

/** How the endpoint's configuration lets a call choose its session. */
export type SessionPolicy = Config["gateway"]["http"]["endpoints"]["chatCompletions"]["sessions"];

export type PresetName = NonNullable<SessionPolicy["sideTasks"]>[number];

/** What a well-known client sends that a chat completion has no field for. */
export interface ClientPreset {
  /** Its chat id; the first header that is there counts. */
  readonly chatIdHeaders: readonly string[];
  /** Names the side task that a call is for; absent or empty in a chat. */
  readonly taskHeader?: string;
  /** How the instructions of its side tasks begin. */
  readonly taskInstructions: readonly string[];
  /** How the only message of a side task begins. */
  readonly taskPrompt?: { readonly opening: string; readonly except: readonly string[] };
}

export const clientPresets: Readonly<Record<PresetName, ClientPreset>> = {
  // The chat id comes with ENABLE_FORWARD_USER_INFO_HEADERS, or from a header of the connection with the template
  // {{CHAT_ID}}; the task from one with {{TASK}}, under the name that Open WebUI's documentation recommends. Its prompts
  // for titles, tags, follow-ups and searches begin alike, and so does the question of a chat with documents.
  "open-webui": {
    chatIdHeaders: ["x-openwebui-chat-id"],
    taskHeader: "x-openwebui-task",
    taskInstructions: [],
    taskPrompt: { opening: "### Task:", except: ["### Task:\nRespond to the user query using the provided context"] },
  },
  // Newer versions send both headers, older ones the second. The openings are those of its agents `title` and `summary`,
  // which run under the session id of the chat.
  opencode: {
    chatIdHeaders: ["x-session-id", "x-session-affinity"],
    taskInstructions: ["You are a title generator", "Summarize what was done in this conversation"],
  },
};

const presets: ReadonlyMap<string, ClientPreset> = new Map(Object.entries(clientPresets));

/** The header names that `chatIdHeaders` stands for, in its order. */
export function listChatIdHeaders({ chatIdHeaders }: SessionPolicy): readonly string[] {
  return chatIdHeaders.flatMap((name) => presets.get(name)?.chatIdHeaders ?? [name]);
}

/** The clients whose side tasks are looked for: those that are named, else the presets among the chat id headers. */
export function listSideTaskPresets({ chatIdHeaders, sideTasks }: SessionPolicy): readonly ClientPreset[] {
  return (sideTasks ?? chatIdHeaders).flatMap((name) => presets.get(name) ?? []);
}
