import type { Config, Message } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";

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
  // Made from opencode. It asks for titles under an id of their own, `title-` and that of the chat.
  kilo: {
    chatIdHeaders: ["x-session-id", "x-session-affinity"],
    taskInstructions: ["You are a title generator", "Summarize what was done in this conversation"],
  },
};

const knownPresets: ReadonlyMap<string, ClientPreset> = new Map(Object.entries(clientPresets));

/** The header names that `chatIdHeaders` stands for, in its order. */
export function listChatIdHeaders({ chatIdHeaders }: SessionPolicy): readonly string[] {
  return chatIdHeaders.flatMap((name) => knownPresets.get(name)?.chatIdHeaders ?? [name]);
}

/** The clients whose side tasks are looked for: those that are named, else the presets among the chat id headers. */
export function listSideTaskPresets({ chatIdHeaders, sideTasks }: SessionPolicy): readonly ClientPreset[] {
  return (sideTasks ?? chatIdHeaders).flatMap((name) => knownPresets.get(name) ?? []);
}

/** One header of the call, by its name in lower case; an empty one is undefined. */
export type ReadHeader = (name: string) => string | undefined;

/** The same rules as those of the field `user`, which the contract states. */
const charactersMax = 512;

/** The chat id of the first of these headers that is there. Throws `invalid_session_key` for one that is no id. */
export function readChatId(names: readonly string[], header: ReadHeader): string | undefined {
  for (const name of names) {
    const value = header(name);
    if (value === undefined || isTemplate(value)) continue;
    if (value.length > charactersMax) refuse(name, `is longer than ${charactersMax} characters`);
    if (Array.from(value).some(isControl)) refuse(name, "has control characters");
    return value;
  }
  return undefined;
}

/** `{{CHAT_ID}}` itself: a client too old to fill it in sends the same text in every chat, which names none. */
export function isTemplate(value: string): boolean {
  return /^\{\{\w+\}\}$/.test(value);
}

function isControl(character: string): boolean {
  return character < " " || character === "\u007f";
}

function refuse(name: string, what: string): never {
  throw new GatewayError("invalid_session_key", `The chat id in '${name}' ${what}.`, { param: name });
}

/**
 * Whether a client asks for its own use (a title, tags, follow-up questions) and not for the chat, whose session would
 * otherwise remember the question as a turn of its own.
 */
export function isSideTask(
  presets: readonly ClientPreset[],
  header: ReadHeader,
  messages: readonly Message[],
): boolean {
  return presets.some(
    (preset) =>
      hasTaskHeader(preset, header) || hasTaskInstruction(preset, messages) || hasTaskPrompt(preset, messages),
  );
}

function hasTaskHeader({ taskHeader }: ClientPreset, header: ReadHeader): boolean {
  const task = taskHeader === undefined ? undefined : header(taskHeader);
  return task !== undefined && !isTemplate(task);
}

function hasTaskInstruction({ taskInstructions }: ClientPreset, messages: readonly Message[]): boolean {
  return messages.some(
    (message) => isInstruction(message) && taskInstructions.some((opening) => toOpening(message).startsWith(opening)),
  );
}

/** A chat that only begins with such a line goes on: with the answer in the history it is no side task any more. */
function hasTaskPrompt({ taskPrompt }: ClientPreset, messages: readonly Message[]): boolean {
  const said = messages.filter((message) => !isInstruction(message));
  const [only] = said;
  if (taskPrompt === undefined || only?.role !== "user" || said.length > 1) return false;
  const text = toOpening(only);
  return text.startsWith(taskPrompt.opening) && !taskPrompt.except.some((opening) => text.startsWith(opening));
}

function isInstruction({ role }: Message): boolean {
  return role === "system" || role === "developer";
}

/** The text that a message begins with, be it told as a text or in parts. */
function toOpening({ content }: Message): string {
  if (typeof content === "string") return content.trimStart();
  const [first] = content ?? [];
  return first?.type === "text" ? first.text.trimStart() : "";
}
