import { expect, test } from "vitest";
import type { ChatCompletion } from "../../src/base/contract.ts";
import { startTestGateway } from "../gateway.fixture.ts";
import { startUpstream, type UpstreamRequest } from "./servers/upstream.fixture.ts";

interface Sent {
  readonly tools: readonly { readonly functionDeclarations: readonly { readonly name: string }[] }[];
  readonly toolConfig?: { readonly functionCallingConfig: { readonly allowedFunctionNames?: readonly string[] } };
}

const toDeclared = ({ body }: UpstreamRequest): string[] =>
  // What Gemini is sent; it is looked at just below.
  (body as unknown as Sent).tools.flatMap(({ functionDeclarations }) => functionDeclarations.map(({ name }) => name));

test.each([["1st"], ["-dash"], ["9"], [`2${"x".repeat(63)}`], ["plain"]])(
  "a tool whose name Gemini refuses is called by its name here: %s",
  async (name) => {
    const others = ["_1st", "_-dash", "_9", "_2_1st"];
    const upstream = await startUpstream("google", (request, count) =>
      count === 0 ? [{ call: { id: "", name: toDeclared(request).at(-1) ?? "", args: {} } }] : [{ text: "ok" }],
    );
    const gateway = await startTestGateway({
      config: {
        models: { providers: { gemini: { api: "google-generative-ai", baseUrl: upstream.baseUrl } } },
        agents: { defaults: { model: "gemini/gemini-2.5-flash" } },
      },
    });
    const tools = [...others, name].map((one) => ({ type: "function", function: { name: one } }));
    const user = { role: "user", content: "Go" };
    const body = { model: "openclaw", tools, tool_choice: { type: "function", function: { name } } };
    const response = await gateway.chat({ ...body, messages: [user] });
    const message = ((await response.json()) as ChatCompletion).choices[0]?.message;
    const [call] = message?.tool_calls ?? [];
    expect(call).toMatchObject({ function: { name } });
    const declared = upstream.requests.flatMap(toDeclared);
    expect(new Set(declared).size).toBe(tools.length);
    const sent = upstream.requests[0]?.body as unknown as Sent | undefined;
    expect(sent?.toolConfig?.functionCallingConfig.allowedFunctionNames).toEqual([declared.at(-1)]);
    const result = { role: "tool", tool_call_id: call?.id, content: "done" };
    const again = await gateway.chat({ ...body, tool_choice: "auto", messages: [user, message, result] });
    expect(again.status).toBe(200);
  },
);
