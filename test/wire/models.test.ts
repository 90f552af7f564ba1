import { expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { say } from "../talk.fixture.ts";

const config = {
  agents: { aliases: { "gpt-4o": "beta" }, list: [{ id: "main" }, { id: "beta", default: true }] },
};

async function listIds({ request }: Pick<TestGateway, "request">): Promise<string[]> {
  const { data } = (await (await request("/v1/models")).json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

test("the list names the agents, the default and the aliases", async () => {
  const gateway = await startTestGateway({ config });
  expect(await listIds(gateway)).toEqual(["openclaw", "openclaw/default", "openclaw/main", "openclaw/beta", "gpt-4o"]);
});

test("each listed name can be looked up, with a raw or an encoded slash, and answers", async () => {
  const gateway = await startTestGateway({ config });
  for (const id of await listIds(gateway)) {
    for (const path of [id, encodeURIComponent(id)]) {
      const found = await gateway.request(`/v1/models/${path}`);
      expect(await found.json(), path).toMatchObject({ id, object: "model" });
    }
    const { status, agentId } = await say(gateway, "@@agent", { body: { model: id } });
    expect({ id, status, agentId }).toEqual({ id, status: 200, agentId: id === "openclaw/main" ? "main" : "beta" });
  }
});

test("a name that is not listed but works can be looked up too", async () => {
  const { request } = await startTestGateway({ config });
  for (const id of ["openclaw:main", "agent:beta"]) expect((await request(`/v1/models/${id}`)).status, id).toBe(200);
});

test("other names are 404, with a raw or an encoded slash", async () => {
  const { request } = await startTestGateway({ config });
  for (const id of ["gpt-4", "openclaw/nobody", "main", "openclaw/main/x", "OPENCLAW"]) {
    for (const path of [id, encodeURIComponent(id)]) {
      const response = await request(`/v1/models/${path}`);
      expect(response.status, path).toBe(404);
      expect(await response.json(), path).toMatchObject({ error: { code: "model_not_found", param: "model" } });
    }
  }
});
