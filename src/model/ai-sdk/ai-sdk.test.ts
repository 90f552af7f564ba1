import { describe, expect, it } from "vitest";
import {
  observe,
  type Outcome,
  type RemoteProvider,
  type RemoteSubject,
  remoteSubjects,
  startRemote,
  toModelRequest,
} from "../../../test/upstream/provider-subjects.fixture.ts";
import type { Script } from "../../../test/upstream/servers/script.fixture.ts";
import type { Message, Tool, UserPart } from "../../base/contract.ts";
import type { ModelRequest } from "../model.ts";

function subjectOf(api: RemoteSubject["api"]): RemoteSubject {
  const subject = remoteSubjects.find((candidate) => candidate.api === api);
  if (subject === undefined) throw new Error(`no subject ${api}`);
  return subject;
}

const responses = subjectOf("openai-responses");
const anthropic = subjectOf("anthropic-messages");
const google = subjectOf("google-generative-ai");

interface Ask extends Partial<ModelRequest> {
  readonly said?: string | readonly Message[];
}

async function ask(
  subject: RemoteSubject,
  script: Script,
  { said, ...more }: Ask = {},
): Promise<Outcome & RemoteProvider & { body: Readonly<Record<string, unknown>> }> {
  const remote = await startRemote(subject, script);
  const request = toModelRequest(more.model ?? subject.model, said, more);
  const outcome = await observe(remote.provider, request);
  return { ...outcome, ...remote, body: remote.upstream.requests[0]?.body ?? {} };
}

function withPart(part: UserPart): readonly Message[] {
  return [{ role: "user", content: [part] }];
}

const clock: Tool = { type: "function", function: { name: "get_time" } };
const pdf = "JVBERi0xLjQK";

describe("openai-responses", () => {
  it("tells a refusal from a text", async () => {
    const { text, refusal, finishReason } = await ask(responses, [{ refusal: "I will" }, { refusal: " not." }]);
    expect({ text, refusal, finishReason }).toEqual({
      text: "",
      refusal: "I will not.",
      finishReason: "content_filter",
    });
  });

  it("stops at a stop sequence, which the vendor does not know, and hangs up", async () => {
    const { text, finishReason, end, upstream, body } = await ask(
      responses,
      [{ text: "one E" }, { text: "ND" }, { hang: true }],
      { settings: { stop: ["END"] } },
    );
    expect({ text, finishReason }).toEqual({ text: "one ", finishReason: "stop" });
    expect(end?.usage).toBeUndefined();
    expect(body).not.toHaveProperty("stop");
    expect((await upstream.requests[0]?.over)?.how).toBe("left");
  });

  it("passes custom tools, their calls and their results on", async () => {
    const grep: Tool = {
      type: "custom",
      custom: {
        name: "grep",
        description: "Search",
        format: { type: "grammar", grammar: { syntax: "regex", definition: ".+" } },
      },
    };
    const { calls, body, finishReason } = await ask(
      responses,
      [{ call: { id: "call_2", name: "grep", args: 'a "b"\n', kind: "custom" } }],
      {
        tools: [grep],
        settings: { tool_choice: { type: "custom", custom: { name: "grep" } } },
        said: [
          { role: "user", content: "Hi" },
          { role: "assistant", tool_calls: [{ id: "call_1", type: "custom", custom: { name: "grep", input: "x y" } }] },
          { role: "tool", tool_call_id: "call_1", content: "none" },
        ],
      },
    );
    expect(calls).toEqual([{ id: "call_2", kind: "custom", name: "grep", text: 'a "b"\n' }]);
    expect(finishReason).toBe("tool_calls");
    expect(body).toMatchObject({
      tools: [{ type: "custom", name: "grep", format: { type: "grammar", syntax: "regex", definition: ".+" } }],
      tool_choice: { type: "custom", name: "grep" },
      input: [
        { role: "user" },
        { type: "custom_tool_call", call_id: "call_1", name: "grep", input: "x y" },
        { type: "custom_tool_call_output", call_id: "call_1", output: "none" },
      ],
    });
  });

  it("knows no usage where the vendor counts nothing", async () => {
    const { end } = await ask(responses, [{ text: "one two" }, { finish: "stop", usage: "none" }]);
    expect(end).toEqual({ finishReason: "stop", usage: undefined });
  });

  it("passes on the id of a file that the vendor keeps", async () => {
    const { body } = await ask(responses, [{ text: "ok" }], {
      said: withPart({ type: "file", file: { file_id: "file-1" } }),
    });
    expect(body).toMatchObject({ input: [{ content: [{ type: "input_file", file_id: "file-1" }] }] });
  });

  it("passes on how much a model shall think", async () => {
    const { body } = await ask(responses, [{ text: "ok" }], {
      model: "gpt-5-mini",
      settings: { reasoning_effort: "low", verbosity: "low" },
    });
    expect(body).toMatchObject({ reasoning: { effort: "low" }, text: { verbosity: "low" } });
  });
});

describe("google-generative-ai", () => {
  it("makes at most one call where parallel calls are not wanted, which the vendor does not know", async () => {
    const { calls, finishReason } = await ask(
      google,
      [{ call: { id: "a", name: "get_time" } }, { call: { id: "b", name: "get_time" } }],
      { tools: [clock], settings: { parallel_tool_calls: false } },
    );
    expect(calls.map(({ id }) => id)).toEqual(["a"]);
    expect(finishReason).toBe("tool_calls");
  });

  it("makes up the id of a call that has none", async () => {
    const { calls } = await ask(google, [{ call: { id: "", name: "get_time" } }], { tools: [clock] });
    expect(calls[0]?.id).toMatch(/\S{8,}/);
  });

  it("marks calls of the history whose signature is not kept, which Gemini 3 refuses otherwise", async () => {
    const { body } = await ask(google, [{ text: "ok" }], {
      model: "gemini-3-pro-preview",
      tools: [clock],
      said: [
        { role: "user", content: "Time?" },
        {
          role: "assistant",
          tool_calls: [{ id: "a", type: "function", function: { name: "get_time", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "a", content: "12:00" },
      ],
    });
    expect(body).toMatchObject({
      contents: [{}, { parts: [{ thoughtSignature: "skip_thought_signature_validator" }] }, {}],
    });
  });

  it("asks for thoughts together with an effort, and not otherwise", async () => {
    const given = await ask(google, [{ text: "ok" }], { settings: { reasoning_effort: "low" } });
    expect(given.body).toMatchObject({ generationConfig: { thinkingConfig: { includeThoughts: true } } });
    const without = await ask(google, [{ text: "ok" }]);
    expect(without.body["generationConfig"]).not.toHaveProperty("thinkingConfig");
  });

  it("takes sound", async () => {
    const said = withPart({ type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } });
    const { body } = await ask(google, [{ text: "ok" }], { said });
    expect(body).toMatchObject({
      contents: [{ parts: [{ inlineData: { mimeType: "audio/wav", data: "UklGRg==" } }] }],
    });
  });
});

describe("anthropic-messages", () => {
  it("passes on the address of an image", async () => {
    const url = "https://images.example/cat.png";
    const { body } = await ask(anthropic, [{ text: "ok" }], {
      said: withPart({ type: "image_url", image_url: { url } }),
    });
    expect(body).toMatchObject({ messages: [{ content: [{ type: "image", source: { type: "url", url } }] }] });
  });

  it("thinks as much as is wanted", async () => {
    const { body } = await ask(anthropic, [{ text: "ok" }], { settings: { reasoning_effort: "low" } });
    expect(body).toMatchObject({ thinking: { type: "enabled" } });
  });

  const signed = [{ type: "reasoning.text", text: "hm", signature: "c2k=", format: "anthropic-claude-v1" }];
  const called: Message = {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "c1", type: "function", function: { name: "get_time", arguments: "{}" } }],
  };
  const result: Message = { role: "tool", tool_call_id: "c1", content: "noon" };
  const user: Message = { role: "user", content: "Go on." };
  it.each<[what: string, said: readonly Message[], model: string, thinks: boolean]>([
    ["a round that another began", [user, called, result], "claude-sonnet-4-5", false],
    ["one that the user speaks into", [user, called, result, user], "claude-sonnet-4-5", false],
    [
      "its own round",
      [user, { ...called, reasoning_details: signed }, result, called, result],
      "claude-sonnet-4-5",
      true,
    ],
    [
      "a round of another that is over",
      [user, called, result, { role: "assistant", content: "Noon." }, user],
      "claude-sonnet-4-5",
      true,
    ],
    ["a round of another, as a model that decides by itself", [user, called, result], "claude-opus-4-8", true],
  ])("knows whether it may think in %s", async (_, said, model, thinks) => {
    const { body } = await ask(anthropic, [{ text: "ok" }], { said, model, settings: { reasoning_effort: "low" } });
    expect("thinking" in body).toBe(thinks);
  });

  it.each([
    ["a file that the vendor cannot read", { filename: "a.zip", file_data: "data:application/zip;base64,UEsDBA==" }],
    ["a file that another vendor keeps", { file_id: "file-1" }],
    ["a file without content", { filename: "a.pdf" }],
  ])("refuses %s, before it asks", async (_, file) => {
    const { error, upstream } = await ask(anthropic, [{ text: "ok" }], { said: withPart({ type: "file", file }) });
    expect(error).toMatchObject({ name: "GatewayError", code: "unsupported_value", param: "messages" });
    expect(upstream.requests).toHaveLength(0);
  });

  it("says that the vendor is overloaded when it says so within its stream", async () => {
    const { error } = await ask(anthropic, [{ error: { status: 529 } }]);
    expect(error).toMatchObject({ code: "upstream_unavailable" });
  });
});

describe("every vendor", () => {
  const file: UserPart = { type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${pdf}` } };

  it.each<[api: RemoteSubject["api"], want: object]>([
    [
      "openai-responses",
      {
        input: [
          { content: [{ type: "input_file", filename: "a.pdf", file_data: `data:application/pdf;base64,${pdf}` }] },
        ],
      },
    ],
    [
      "anthropic-messages",
      { messages: [{ content: [{ type: "document", source: { media_type: "application/pdf", data: pdf } }] }] },
    ],
    ["google-generative-ai", { contents: [{ parts: [{ inlineData: { mimeType: "application/pdf", data: pdf } }] }] }],
  ])("takes a PDF: %s", async (api, want) => {
    const { body } = await ask(subjectOf(api), [{ text: "ok" }], { said: withPart(file) });
    expect(body).toMatchObject(want);
  });

  it.each([responses, anthropic, google])("shows only the tools that are allowed: $api", async (subject) => {
    const { body } = await ask(subject, [{ text: "ok" }], {
      tools: [clock, { type: "function", function: { name: "get_weather" } }],
      settings: {
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "get_time" } }] },
        },
      },
    });
    expect(JSON.stringify(body["tools"])).toContain("get_time");
    expect(JSON.stringify(body["tools"])).not.toContain("get_weather");
  });

  it.each([responses, anthropic, google])("keeps `length` when the last call was cut off: $api", async (subject) => {
    const { finishReason } = await ask(
      subject,
      [{ call: { id: "a", name: "get_time", args: {} } }, { finish: "length" }],
      { tools: [clock] },
    );
    expect(finishReason).toBe("length");
  });
});
