import { expect, test } from "vitest";
import {
  createChatCompletion,
  createClient,
  deleteSession,
  getHealth,
  listModels,
  listSessionMessages,
  listSessions,
  retrieveModel,
} from "../../generated/client/index.ts";
import { startTestGateway, testToken } from "./gateway.fixture.js";

/** What `clawgate/client` is to its users: a client of one gateway, and one function for each operation. */
async function startClient(token: string = testToken) {
  const gateway = await startTestGateway({
    config: { gateway: { http: { endpoints: { sessions: { enabled: true } } } } },
  });
  return createClient({ baseUrl: gateway.url, auth: token });
}

test("the client lists models, and finds one whose name has a slash", async () => {
  const client = await startClient();
  const { data: list } = await listModels({ client });
  expect(list?.data.map(({ id }) => id)).toContain("openclaw/beta");
  const { data: model } = await retrieveModel({ client, path: { model: "openclaw/beta" } });
  expect(model).toMatchObject({ id: "openclaw/beta", object: "model" });
});

test("the client talks to an agent, and reads and deletes what its session remembers", async () => {
  const client = await startClient();
  const headers = { "x-openclaw-session-key": "typed" };
  const body = { model: "openclaw", messages: [{ role: "user" as const, content: "hi" }] };
  const { data: answer, response } = await createChatCompletion({ client, headers, body });
  expect(answer?.choices[0]?.message).toMatchObject({ role: "assistant", content: expect.any(String) as string });

  const key = response?.headers.get("x-openclaw-session-key") ?? "";
  const { data: sessions } = await listSessions({ client, query: { limit: 10 } });
  expect(sessions?.data.map(({ id }) => id)).toEqual([key]);
  const { data: messages } = await listSessionMessages({ client, path: { key } });
  expect(messages?.data).toHaveLength(2);
  const { data: deleted } = await deleteSession({ client, path: { key } });
  expect(deleted).toEqual({ id: key, object: "session.deleted", deleted: true });
});

test("the client gives an error as the contract has it, or throws it where that is asked for", async () => {
  const client = await startClient("wrong");
  const { data, error, response } = await listModels({ client });
  expect({ data, status: response?.status, code: error?.error.code }).toEqual({
    data: undefined,
    status: 401,
    code: "invalid_api_key",
  });
  await expect(listModels({ client, throwOnError: true })).rejects.toMatchObject({
    error: { code: "invalid_api_key" },
  });
  const { data: health } = await getHealth({ client });
  expect(health).toEqual({ ok: true, status: "live" });
});

test("the types of the client are those of the contract", async () => {
  const client = await startClient();
  const { data } = await getHealth({ client });
  const status: "live" | undefined = data?.status;
  expect(status).toBe("live");
  // @ts-expect-error A message without a role.
  const wrong = () => createChatCompletion({ client, body: { model: "openclaw", messages: [{ content: "hi" }] } });
  const { error } = await wrong();
  expect(error?.error.param).toBe("messages[0].role");
});
