// Writes docs/compatibility.md: what becomes of what models, tools and clients really send. The tables of servers and of last
// words are asked of the code; each other row names the test that shows it, which must be there. `--check` only compares.
import { type Ending, endingWords } from "../src/model/finish.ts";
import { type MessageForm, messageForms } from "../src/model/message-form.ts";
import { toModelQuirks, toQuirks } from "../src/model/openai/quirks.ts";
import { sections } from "./compatibility-rows.ts";
import { settle, toLink, toTable } from "./shown.ts";

const servers: readonly (readonly [name: string, baseUrl: string])[] = [
  ["OpenAI", "https://api.openai.com/v1"],
  ["Azure (v1)", "https://name.openai.azure.com/openai/v1"],
  ["OpenRouter", "https://openrouter.ai/api/v1"],
  ["Groq", "https://api.groq.com/openai/v1"],
  ["DeepSeek", "https://api.deepseek.com/v1"],
  ["Moonshot (Kimi)", "https://api.moonshot.ai/v1"],
  ["Mistral", "https://api.mistral.ai/v1"],
  ["Gemini, compatible address", "https://generativelanguage.googleapis.com/v1beta/openai"],
  ["any other: Ollama, vLLM, llama.cpp, LM Studio, LiteLLM, …", "http://127.0.0.1:8000/v1"],
];

const endingTexts: Readonly<Record<Ending | "none", string>> = {
  stop: "`stop`",
  length: "`length`; a call whose arguments are not whole is left out",
  content_filter: "`content_filter`; a call whose arguments are not whole is left out",
  tool_calls: "`tool_calls` if there are calls, else `stop`",
  failed: "a failure: 502, or the next model where nothing was said; the turn is not kept",
  unknown: "`stop`, or `tool_calls` with calls that are whole; logged once per model and word",
  none: "nothing: the answer goes on",
};

function toServerTable(): string {
  const rows = servers.map(([name, baseUrl]) => {
    const quirks = toModelQuirks(toQuirks(baseUrl, {}), "");
    const form = quirks.messageForm;
    return [
      name,
      `\`${quirks.maxTokensField}\``,
      quirks.supportsDeveloperRole ? "as sent" : "one system message",
      quirks.supportsCustomTools ? "function, custom" : "function",
      quirks.input.join(", "),
      quirks.responseFormats.map((format) => `\`${format}\``).join(", "),
      quirks.replays.map((field) => `\`${field}\``).join(", ") || "none",
      form === "any" ? "by the model's name" : `\`${form}\``,
    ];
  });
  const head = ["server", "limit", "instructions", "tools", "input", "forms", "state that a client may replay", "form"];
  return toTable(head, rows);
}

function toFormTable(): string {
  const rows = Object.entries<MessageForm>(messageForms).map(([name, form]) => [
    `\`${name}\``,
    form.callIds.fits.source === "^"
      ? "as they are"
      : `those that fit \`${form.callIds.fits.source}\` stay, others are mapped one to one`,
    { nothing: "as they are", silence: "an answer without a word is left out", blanks: "left out, or filled" }[
      form.refuses
    ],
    form.beginsWithUser ? "user" : "anybody",
    form.endsWithUser === false ? "anybody" : "user or tool",
    form.names === "any" ? "as they are" : form.names === "plain" ? "in plain letters" : "left out",
  ]);
  return toTable(["form", "ids of calls", "empty texts", "speaks first", "speaks last", "names"], rows);
}

function toEndingTable(): string {
  const rows = Object.entries(endingWords).map(([ending, words]) => [
    words.map((word) => `\`${word}\``).join(" "),
    endingTexts[ending as Ending | "none"],
  ]);
  return toTable(
    ["last word, without regard to case, `-`, `_`", "what the client is told"],
    [
      ...rows,
      [
        "one that is made of such words: `error_finish`, `function_call_filter: UNEXPECTED_TOOL_CALL`",
        "by those of a failure first, then of a filter, then of a limit",
      ],
      ["any other", endingTexts.unknown],
    ],
  );
}

function toText(): string {
  const told = sections.map(({ title, rows }) =>
    [
      `## ${title}`,
      toTable(
        ["what comes", "what becomes of it", "shown by"],
        rows.map(([what, then, ...shown]) => [what, then, shown.map(toLink).join("<br>")]),
      ),
    ].join("\n\n"),
  );
  return `${[
    "<!-- Written by tools/compatibility.ts; change that, and its rows. -->",
    "# Compatibility",
    "What the models, servers, tools and clients that people use really send, and what becomes of it here. Each row names the test that shows it. The tests run against scripted servers that refuse as the real ones do; the vendors themselves are not reached.",
    "## Servers behind `openai-completions`",
    "By their address; `models.providers.<name>.compat` overrides each column. What a server does not take is refused with 400 and `param`, or mapped as the table says.",
    toServerTable(),
    "## What vendors want of a conversation",
    "The store keeps what was said as it was said. What goes upstream is put right for the model that is called: each call has one result directly behind it, in order, with a stand-in where none came.",
    toFormTable(),
    "## How an answer ends",
    "The last word that a server says counts, and what comes after an earlier one too.",
    toEndingTable(),
    ...told,
  ].join("\n\n")}\n`;
}

settle("docs/compatibility.md", toText());
