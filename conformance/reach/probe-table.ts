import type { Capability } from "./capability.ts";
import { isObject } from "../expect.ts";
import type { WireAnswer, WireRequest } from "../lens/wire.ts";
import { socketProbes } from "./probe-socket.ts";
import type { CapabilityFinding, Subject } from "./subject.ts";
import { randomUUID } from "../unique.ts";

export type Ask = (request: WireRequest) => Promise<WireAnswer>;
export type Probe = (ask: Ask, subject: Subject) => Promise<CapabilityFinding>;

const tool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather in a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const pixel =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const schema = {
  type: "json_schema",
  json_schema: {
    name: "probe",
    strict: true,
    schema: {
      type: "object",
      properties: { word: { type: "string" } },
      required: ["word"],
      additionalProperties: false,
    },
  },
};

/** How each capability is looked for. */
export const probes: Record<Capability, Probe> = {
  async auth(ask, subject) {
    if (subject.apiKey === "") return untried("no key was given");
    const { status } = await ask(toChat(subject, "hi", {}, { authorization: undefined }));
    return status === 401 ? present("without a key: 401") : absent(`without a key: ${status}`);
  },
  async models(ask) {
    const { status, json } = await ask({ path: "/models", method: "GET" });
    return status === 200 && isObject(json) ? present("GET /models: 200") : absent(`GET /models: ${status}`);
  },
  async tools(ask, subject) {
    const fields = { tools: [tool], tool_choice: { type: "function", function: { name: "get_weather" } } };
    const answer = await ask(toChat(subject, "What is the weather in Oslo?", fields));
    const calls = toMessage(answer)?.["tool_calls"];
    return Array.isArray(calls) && calls.length > 0
      ? present("a forced call is made")
      : absent(`a forced call: ${describe(answer)}`);
  },
  async custom(ask, subject) {
    const fields = {
      tools: [{ type: "custom", custom: { name: "note" } }],
      tool_choice: { type: "custom", custom: { name: "note" } },
    };
    const answer = await ask(toChat(subject, "Use the tool.", fields));
    const calls = toMessage(answer)?.["tool_calls"];
    return Array.isArray(calls) && calls.length > 0
      ? present("a forced custom call is made")
      : absent(`a custom tool: ${describe(answer)}`);
  },
  async schema(ask, subject) {
    const answer = await ask(toChat(subject, "Say one word as JSON.", { response_format: schema }));
    return isWord(toMessage(answer)?.["content"])
      ? present("the answer follows the schema")
      : absent(`json_schema: ${describe(answer)}`);
  },
  async vision(ask, subject) {
    const messages = [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: pixel } },
        ],
      },
    ];
    const answer = await ask({ path: "/chat/completions", body: { model: subject.model, messages } });
    return answer.status === 200 ? present("an image is accepted") : absent(`an image: ${describe(answer)}`);
  },
  async logprobs(ask, subject) {
    const answer = await ask(toChat(subject, "hi", { logprobs: true }));
    const choice = toChoice(answer);
    return isObject(choice?.["logprobs"]) ? present("they are given") : absent(`logprobs: ${describe(answer)}`);
  },
  async n(ask, subject) {
    const answer = await ask(toChat(subject, "hi", { n: 2 }));
    const { choices } = isObject(answer.json) ? answer.json : {};
    return Array.isArray(choices) && choices.length === 2
      ? present("n: 2 gives two choices")
      : absent(`n: 2: ${describe(answer)}`);
  },
  async usage(ask, subject) {
    const answer = await ask(toChat(subject, "hi"));
    const { usage } = isObject(answer.json) ? answer.json : {};
    return isObject(usage) ? present("answers have `usage`") : absent(`no \`usage\`: ${describe(answer)}`);
  },
  async cors(ask) {
    const headers = {
      authorization: undefined,
      origin: "https://app.example",
      "access-control-request-method": "POST",
    };
    const { status, headers: answered } = await ask({ path: "/chat/completions", method: "OPTIONS", headers });
    return status < 300 && answered["access-control-allow-origin"] !== undefined
      ? present(`preflight: ${status}`)
      : absent(`preflight: ${status}`);
  },
  async limits(ask) {
    // Announced only: whoever has a limit says so before a byte of it is sent.
    const headers = {
      "content-type": "application/json",
      "content-length": String(1024 ** 3),
      expect: "100-continue",
    };
    const { status } = await ask({ path: "/chat/completions", method: "POST", headers, limitMs: 2000 }).catch(() => ({
      status: 0,
    }));
    return status === 413
      ? present("1 GiB announced: 413")
      : absent(`1 GiB announced: ${status === 0 ? "no answer" : status}`);
  },
  async fixture(ask, subject) {
    const answer = await ask(toChat(subject, '@@echo "fixture \\u2713"'));
    return toMessage(answer)?.["content"] === "fixture \u2713"
      ? present("`@@echo` is obeyed")
      : absent("`@@echo` is not obeyed");
  },
  async agents(ask, subject) {
    if (subject.profile !== "gateway") return untried("profile chat");
    const answer = await ask({
      ...toChat(subject, "@@agent"),
      body: { model: "openclaw:beta", messages: [{ role: "user", content: "@@agent" }] },
    });
    return toMessage(answer)?.["content"] === "beta"
      ? present("`openclaw:beta` reaches beta")
      : absent(`openclaw:beta: ${describe(answer)}`);
  },
  async memory(ask, subject) {
    if (subject.profile !== "gateway") return untried("profile chat");
    const user = `probe-${randomUUID()}`;
    await ask(toChat(subject, "@@echo noted", { user }));
    const answer = await ask(toChat(subject, "@@messages", { user }));
    return String(toMessage(answer)?.["content"]).includes("noted")
      ? present("the second call sees the first")
      : absent(describe(answer));
  },
  websocket: (_ask, subject) =>
    subject.profile === "gateway" && socketProbes.websocket !== undefined
      ? socketProbes.websocket(subject)
      : Promise.resolve(untried(`profile ${subject.profile}`)),
  own: (_ask, subject) =>
    Promise.resolve(subject.start === undefined ? absent("started by somebody else") : present("started by the suite")),
};

function present(why: string): CapabilityFinding {
  return { present: true, why };
}

export function absent(why: string): CapabilityFinding {
  return { present: false, why };
}

export function untried(why: string): CapabilityFinding {
  return { present: false, why, untried: true };
}

function toChat(
  { model }: Subject,
  text: string,
  fields: object = {},
  headers: Record<string, string | undefined> = {},
): WireRequest {
  return {
    path: "/chat/completions",
    body: { model, messages: [{ role: "user", content: text }], ...fields },
    headers,
  };
}

function toChoice({ json }: WireAnswer): Record<string, unknown> | undefined {
  const choices = isObject(json) ? json["choices"] : undefined;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isObject(first) ? first : undefined;
}

function toMessage(answer: WireAnswer): Record<string, unknown> | undefined {
  const message = toChoice(answer)?.["message"];
  return isObject(message) ? message : undefined;
}

function isWord(content: unknown): boolean {
  try {
    const value: unknown = JSON.parse(String(content));
    return isObject(value) && typeof value["word"] === "string";
  } catch {
    return false;
  }
}

/** What stands on one line of a terminal. */
const shownMax = 80;

function describe({ status, text }: WireAnswer): string {
  return `${status} ${text.length > shownMax ? `${text.slice(0, shownMax)}…` : text}`;
}
