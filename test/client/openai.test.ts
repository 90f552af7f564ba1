import { describe, expect, test } from "vitest";
import { sdks } from "../sdk/clients.fixture.ts";
import { createWeather, startClientTest } from "./client.fixture.ts";
import { stayOnLoopback } from "./loopback.fixture.ts";
import { weatherAnswer, weatherQuestion, weatherTurn } from "./model.fixture.ts";

stayOnLoopback();

const model = "openclaw";
const said = (content: string) => ({ role: "user" as const, content });

describe.each(sdks)("openai $major", (sdk) => {
  async function start() {
    const parts = await startClientTest();
    const { baseURL, apiKey, fetch } = parts;
    const client = sdk.createClient({ baseURL, apiKey, maxRetries: 0, logLevel: "off", fetch });
    const weather = createWeather();
    const tool = {
      type: "function" as const,
      function: {
        name: "get_weather",
        description: "The weather of a city.",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        parse: (text: string) => JSON.parse(text) as object,
        function: weather.run,
      },
    };
    return { ...parts, client, helpers: sdk.toHelpers(client), tool, calls: weather.calls };
  }

  test.each([{ stream: false }, { stream: true }])(
    "runTools gives the function's result to the model under the id of its call (stream: $stream)",
    async ({ stream }) => {
      const { helpers, tool, calls, heard } = await start();
      const body = { model, messages: [said(weatherQuestion)], tools: [tool] };
      // The overloads of runTools ask for the literal.
      const runner = stream ? helpers.runTools({ ...body, stream: true }) : helpers.runTools(body);
      expect(await runner.finalContent()).toBe(weatherAnswer);
      expect(calls).toEqual([{ city: "Oslo" }]);
      expect(heard()).toEqual([weatherTurn.slice(0, 1), weatherTurn.slice(0, 3)]);
    },
  );

  test.each([{ stream: false }, { stream: true }])(
    "a next question finds the tools of the last one in the user's session (stream: $stream)",
    async ({ stream }) => {
      const { client, helpers, tool, heard } = await start();
      const body = { model, user: "ada", messages: [said(weatherQuestion)], tools: [tool] };
      const runner = stream ? helpers.runTools({ ...body, stream: true }) : helpers.runTools(body);
      await runner.finalContent();
      const next = { model, user: "ada", messages: [said("What did I ask first?")] };
      expect((await client.chat.completions.create(next)).choices[0]?.message.content).toBe(
        `You asked: ${weatherQuestion}`,
      );
      expect(heard().at(-1)).toEqual([...weatherTurn, "user: What did I ask first?"]);
    },
  );

  test("a client that sends its whole history again says nothing twice", async () => {
    const { helpers, tool, heard } = await start();
    const user = "ada";
    const first = helpers.runTools({ model, user, messages: [said(weatherQuestion)], tools: [tool] });
    await first.finalContent();
    const messages = [...first.messages, said("What did I ask first?")];
    const second = helpers.runTools({ model, user, messages, stream: true, tools: [tool] });
    expect(await second.finalContent()).toBe(`You asked: ${weatherQuestion}`);
    expect(heard().at(-1)).toEqual([...weatherTurn, "user: What did I ask first?"]);
  });
});
