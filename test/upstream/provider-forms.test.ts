import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Message } from "../../src/base/contract.ts";
import type { ModelRequest } from "../../src/model/model.ts";
import { called, clock, forms, weather } from "./provider-forms.fixture.ts";
import {
  createProvider,
  observe,
  type RemoteSubject,
  remoteSubjects,
  startRemote,
  toModelRequest,
  upstreamKey,
} from "./provider-subjects.fixture.ts";
import { startUpstream, type UpstreamRequest } from "./servers/upstream.fixture.ts";

/** Where each vendor wants its key, and how it writes it. */
const keys: Readonly<Record<RemoteSubject["api"], readonly [header: string, value: string]>> = {
  "openai-completions": ["authorization", `Bearer ${upstreamKey}`],
  "openai-responses": ["authorization", `Bearer ${upstreamKey}`],
  "anthropic-messages": ["x-api-key", upstreamKey],
  "google-generative-ai": ["x-goog-api-key", upstreamKey],
};

describe.each(remoteSubjects)("the provider $api", (subject: RemoteSubject) => {
  const send = async (
    messages: readonly Message[] | undefined,
    request: Partial<ModelRequest> | undefined,
    more: object = {},
  ): Promise<UpstreamRequest> => {
    const { provider, upstream } = await startRemote(subject, [{ text: "ok" }], more);
    const outcome = await observe(provider, toModelRequest(subject.model, messages, request));
    expect(outcome).toMatchObject({ error: undefined, text: "ok" });
    expect(upstream.requests).toHaveLength(1);
    return upstream.requests[0] as UpstreamRequest;
  };

  it.each(forms)("sends $what in the vendor's form", async ({ messages, request, want }) => {
    const { body } = await send(messages, request);
    expect(body).toMatchObject(want[subject.api]);
  });

  it("survives arguments in the history that are no JSON", async () => {
    const broken = (text: string): Message => ({
      role: "assistant",
      tool_calls: [{ id: "call_x", type: "function", function: { name: "get_time", arguments: text } }],
    });
    for (const text of ["{nonsense", "[1]", '"x"']) {
      await send(
        [{ role: "user", content: "Hi" }, broken(text), { role: "tool", tool_call_id: "call_x", content: "no" }],
        {
          tools: [clock],
        },
      );
    }
  });

  it("does not send what the gateway notes down beside a tool's result", async () => {
    const noted = called.map((message) => (message.role === "tool" ? { ...message, origin: "gateway-note" } : message));
    const { body } = await send(noted, { tools: [weather, clock] });
    expect(JSON.stringify(body)).not.toContain("gateway-note");
  });

  it("sends the key in the vendor's header, and nowhere else", async () => {
    const { headers, body, path } = await send(undefined, undefined);
    const [name, value] = keys[subject.api];
    expect(headers[name]).toBe(value);
    const { [name]: _, ...others } = headers;
    expect(JSON.stringify([others, body, path])).not.toContain(upstreamKey);
  });

  it("sends no key without one, whatever the environment holds, and the configured headers", async () => {
    for (const name of ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"]) {
      vi.stubEnv(name, "sk-of-the-environment");
    }
    onTestFinished(() => void vi.unstubAllEnvs());
    const upstream = await startUpstream(subject.vendor, [{ text: "ok" }]);
    const provider = await createProvider({
      api: subject.api,
      baseUrl: upstream.baseUrl,
      headers: { "X-Team": "blue" },
    });
    await observe(provider, toModelRequest(subject.model));
    const headers = upstream.requests[0]?.headers;
    expect(headers).toMatchObject({ "x-team": "blue", "content-type": "application/json" });
    expect(headers).not.toHaveProperty(keys[subject.api][0]);
  });

  it("lets the configured headers win", async () => {
    const [name] = keys[subject.api];
    const { headers } = await send(undefined, undefined, { headers: { [name.toUpperCase()]: "other" } });
    expect(headers[name]).toBe("other");
  });

  it("knows the models that are configured, and what each of them reads", async () => {
    const models = [{ id: subject.model, input: ["text"] }, { id: "other" }];
    const { provider } = await startRemote(subject, [], { models });
    expect(provider.models).toEqual([subject.model, "other"]);
    expect([...provider.toCapabilities(subject.model).input]).toEqual([]);
    expect(provider.toCapabilities("other").input).toContain("image");
  });
});
