import { describe, expect, test } from "vitest";
import { clientPresets, isSideTask, type PresetName } from "./chat-client.ts";
import type { Message } from "../../base/contract.ts";

const u = (content: string): Message => ({ role: "user", content });
const s = (content: string): Message => ({ role: "system", content });
const title = "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.";
const documents = "### Task:\nRespond to the user query using the provided context, incorporating inline citations";

interface Row {
  readonly what: string;
  readonly preset: PresetName;
  readonly messages: readonly Message[];
  readonly headers?: Record<string, string>;
  readonly want: boolean;
}

const rows: readonly Row[] = [
  { what: "a question", preset: "open-webui", messages: [u("hi")], want: false },
  { what: "a title prompt", preset: "open-webui", messages: [u(title)], want: true },
  { what: "a title prompt under instructions", preset: "open-webui", messages: [s("Be brief."), u(title)], want: true },
  {
    what: "a title prompt in parts",
    preset: "open-webui",
    messages: [{ role: "user", content: [{ type: "text", text: title }] }],
    want: true,
  },
  { what: "a question over documents", preset: "open-webui", messages: [u(documents)], want: false },
  {
    what: "a chat that began like a task",
    preset: "open-webui",
    messages: [u(title), { role: "assistant", content: "🐟 Fish" }, u("More.")],
    want: false,
  },
  { what: "a task prompt of another client", preset: "opencode", messages: [u(title)], want: false },
  {
    what: "a task that its header names",
    preset: "open-webui",
    messages: [u("hi")],
    headers: { "x-openwebui-task": "tags_generation" },
    want: true,
  },
  {
    what: "a header that was not filled in",
    preset: "open-webui",
    messages: [u("hi")],
    headers: { "x-openwebui-task": "{{TASK}}" },
    want: false,
  },
  {
    what: "the title agent",
    preset: "opencode",
    messages: [s("You are a title generator. You output ONLY a thread title."), u("Generate a title:\n"), u("hi")],
    want: true,
  },
  {
    what: "the title agent, to a model that reads developer messages",
    preset: "opencode",
    messages: [{ role: "developer", content: "You are a title generator." }, u("hi")],
    want: true,
  },
  { what: "the title agent", preset: "kilo", messages: [s("You are a title generator."), u("hi")], want: true },
  { what: "the coding agent", preset: "kilo", messages: [s("You are Kilo."), u("hi")], want: false },
  { what: "a user who says so", preset: "opencode", messages: [u("You are a title generator")], want: false },
  { what: "the coding agent", preset: "opencode", messages: [s("You are opencode."), u("hi")], want: false },
];

describe("isSideTask", () => {
  test.each(rows)("of $preset: $what is $want", ({ preset, messages, headers = {}, want }) => {
    expect(isSideTask([clientPresets[preset]], (name) => headers[name], messages)).toBe(want);
    expect(isSideTask([], (name) => headers[name], messages)).toBe(false);
  });
});
