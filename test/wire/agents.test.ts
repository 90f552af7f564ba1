import { expect } from "vitest";
import { startTestGateway, test } from "../gateway.fixture.ts";
import { say, type Ask } from "../talk.fixture.ts";

const config = {
  agents: {
    defaults: { instructions: "Be brief." },
    aliases: { "gpt-4o": "beta", "house/name": "main" },
    list: [{ id: "main" }, { id: "beta", default: true, instructions: "Speak of boats." }, { id: "Gamma-3_x" }],
  },
};

interface Choice {
  readonly model: string;
  readonly header?: string;
}

function choose({ model, header }: Choice, more: object = {}): Ask {
  const headers = header === undefined ? {} : { "x-openclaw-agent-id": header };
  return { body: { model, ...more }, headers };
}

const names: readonly (Choice & { readonly want: string })[] = [
  { model: "openclaw", want: "beta" },
  { model: "openclaw/default", want: "beta" },
  { model: "openclaw:main", want: "main" },
  { model: "openclaw/main", want: "main" },
  { model: "agent:main", want: "main" },
  { model: "openclaw:beta", want: "beta" },
  { model: "openclaw/beta", want: "beta" },
  { model: "agent:beta", want: "beta" },
  { model: "openclaw/Gamma-3_x", want: "Gamma-3_x" },
  { model: "gpt-4o", want: "beta" },
  { model: "house/name", want: "main" },
  { model: "openclaw", header: "main", want: "main" },
  { model: "openclaw:beta", header: "main", want: "main" },
  { model: "gpt-4o", header: "Gamma-3_x", want: "Gamma-3_x" },
  { model: "no-such-model", header: "main", want: "main" },
  { model: "openclaw:main", header: "", want: "main" },
];

test("each name reaches its agent, and the header wins over the model", async () => {
  const gateway = await startTestGateway({ config });
  for (const { want, ...choice } of names) {
    const { status, text, agentId, sessionKey } = await say(gateway, "@@agent", choose(choice));
    expect({ status, text, agentId }, JSON.stringify(choice)).toEqual({ status: 200, text: want, agentId: want });
    expect(sessionKey).toMatch(new RegExp(`^agent:${want}:openai:`));
  }
});

test("each agent has the common instructions and its own, before those of the call", async () => {
  const gateway = await startTestGateway({ config });
  const messages = [
    { role: "system", content: "Of this call." },
    { role: "user", content: "@@instructions" },
  ];
  const told = async (model: string): Promise<unknown> =>
    JSON.parse((await say(gateway, messages, { body: { model } })).text) as unknown;
  expect(await told("openclaw/main")).toEqual(["Be brief.", "Of this call."]);
  expect(await told("openclaw/beta")).toEqual(["Be brief.", "Speak of boats.", "Of this call."]);
});

const unknown: readonly (Choice & { readonly param: string })[] = [
  { model: "gpt-4", param: "model" },
  { model: "", param: "model" },
  { model: "main", param: "model" },
  { model: "OpenClaw", param: "model" },
  { model: "openclaw:", param: "model" },
  { model: "openclaw/nobody", param: "model" },
  { model: "agent:MAIN", param: "model" },
  { model: "agent:gpt-4o", param: "model" },
  { model: "openclaw:main ", param: "model" },
  { model: "openclaw:constructor", param: "model" },
  { model: "openclaw:main", header: "nobody", param: "x-openclaw-agent-id" },
  { model: "openclaw", header: "default", param: "x-openclaw-agent-id" },
  { model: "openclaw", header: "openclaw/main", param: "x-openclaw-agent-id" },
  { model: "openclaw", header: "gpt-4o", param: "x-openclaw-agent-id" },
];

test("a name of no agent is 404 model_not_found, whole and streamed, with the param that was used", async () => {
  const gateway = await startTestGateway({ config });
  for (const { param, ...choice } of unknown) {
    for (const stream of [false, true]) {
      const { status, error } = await say(gateway, "@@agent", choose(choice, { stream }));
      const want = { status: 404, code: "model_not_found", param };
      expect({ status, code: error?.code, param: error?.param }, JSON.stringify(choice)).toEqual(want);
    }
  }
});

test("gpt-4o is no agent where it is no alias, and the message says which names are", async ({ gateway }) => {
  const { status, error } = await say(gateway, "hi", { body: { model: "gpt-4o" } });
  expect(status).toBe(404);
  expect(error).toMatchObject({ code: "model_not_found", param: "model", type: "invalid_request_error" });
  expect(error?.message).toMatch(/'gpt-4o'.*openclaw\/main, openclaw\/beta/);
});

const lists: readonly { readonly list: readonly object[]; readonly want: string }[] = [
  { list: [], want: "main" },
  { list: [{ id: "beta" }, { id: "main" }], want: "main" },
  { list: [{ id: "main" }, { id: "beta", default: true }], want: "beta" },
  { list: [{ id: "solo", default: true }], want: "solo" },
];
test.each(lists)("the default agent of $list is $want", async ({ list, want }) => {
  const gateway = await startTestGateway({ config: { agents: { list } } });
  expect((await say(gateway, "@@agent")).text).toBe(want);
  expect((await say(gateway, "@@agent", { body: { model: "openclaw/default" } })).text).toBe(want);
});
