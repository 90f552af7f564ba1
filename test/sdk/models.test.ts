import { describe, expect } from "vitest";
import { ask, collect, rejection, sdks, startSdkTest, test } from "./clients.fixture.ts";

describe.each(sdks)("openai $major", (sdk) => {
  test("the list of models names every agent and ends", async () => {
    const { client, sent } = await startSdkTest(sdk, { config: { agents: { aliases: { "gpt-5": "beta" } } } });
    const models = await collect(client.models.list());
    expect(models.map(({ id }) => id)).toEqual([
      "openclaw",
      "openclaw/default",
      "openclaw/main",
      "openclaw/beta",
      "gpt-5",
    ]);
    expect(new Set(models.map(({ object, owned_by }) => `${object} ${owned_by}`))).toEqual(new Set(["model clawgate"]));
    const page = await client.models.list();
    expect(page.data).toHaveLength(5);
    expect(page.hasNextPage()).toBe(false);
    expect(sent.count).toBe(2);
  });

  test("every model of the list can be retrieved and answers", async () => {
    const { client } = await startSdkTest(sdk, { config: { agents: { aliases: { "gpt-5": "beta" } } } });
    const { data } = await client.models.list();
    const agents = await Promise.all(
      data.map(async (model) => {
        expect(await client.models.retrieve(model.id)).toMatchObject({ ...model });
        const { choices } = await client.chat.completions.create({ ...ask("@@agent"), model: model.id });
        return `${model.id} ${choices[0]?.message.content}`;
      }),
    );
    expect(agents).toEqual([
      "openclaw main",
      "openclaw/default main",
      "openclaw/main main",
      "openclaw/beta beta",
      "gpt-5 beta",
    ]);
  });

  test.for(["openclaw/default", "openclaw:beta", "agent:beta"])(
    "the model %s can be retrieved",
    async (id, { connect }) => {
      const { client } = connect(sdk);
      const model = await client.models.retrieve(id);
      expect(model).toMatchObject({ id, object: "model", owned_by: "clawgate" });
      expect(Math.abs(model.created - Date.now() / 1000)).toBeLessThan(60);
    },
  );

  test.for(["gpt-4o", "openclaw/nobody", "openclaw/Main", "openclaw/main/more", "ünder way?%2F#"])(
    "there is no model %s to retrieve",
    async (id, { connect }) => {
      const { client } = connect(sdk);
      const error = await rejection(client.models.retrieve(id), sdk.errors.NotFoundError);
      expect(error).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
    },
  );
});
