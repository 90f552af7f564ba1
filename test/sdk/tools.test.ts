import { describe, expect } from "vitest";
import { ask, collect, sdks, test } from "./clients.fixture.ts";

interface Place {
  readonly city: string;
  readonly days: number;
}

const parameters = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer" } },
  required: ["city", "days"],
  additionalProperties: false,
};
const weather = { type: "function" as const, function: { name: "get_weather", parameters } };
const lines = ['@@tool get_weather {"city":"Ålesund","days":3}', "@@then It says: {result}."] as const;

/** A tool with a function behind it that keeps what it was called with. */
function createTool(strict: boolean) {
  const calls: Place[] = [];
  return {
    calls,
    tool: {
      type: "function" as const,
      function: {
        name: "get_weather",
        description: "The weather of a city.",
        strict,
        parameters,
        parse: (text: string) => JSON.parse(text) as Place,
        function: (place: Place) => {
          calls.push(place);
          return `sunny in ${place.city} for ${place.days} days`;
        },
      },
    },
  };
}

describe.each(sdks)("openai $major", (sdk) => {
  test.for([{ strict: false }, { strict: true }])(
    "runTools calls the function once and answers with its result (strict: $strict)",
    async ({ strict }, { connect }) => {
      const { helpers, sent } = connect(sdk);
      const { calls, tool } = createTool(strict);
      const runner = helpers.runTools({ ...ask(...lines), tools: [tool] });
      expect(await runner.finalContent()).toBe("It says: sunny in Ålesund for 3 days.");
      expect(calls).toEqual([{ city: "Ålesund", days: 3 }]);
      expect(runner.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
      expect(runner.allChatCompletions().map(({ choices }) => choices[0]?.finish_reason)).toEqual([
        "tool_calls",
        "stop",
      ]);
      expect(sent.count).toBe(2);
    },
  );

  test.for([{ strict: false }, { strict: true }])(
    "runTools streams: the function is called once and the words of the answer arrive (strict: $strict)",
    async ({ strict }, { connect }) => {
      const { helpers, sent } = connect(sdk);
      const { calls, tool } = createTool(strict);
      const deltas: string[] = [];
      const runner = helpers
        .runTools({ ...ask(...lines), stream: true, tools: [tool] })
        .on("content", (delta) => deltas.push(delta));
      expect(await runner.finalContent()).toBe("It says: sunny in Ålesund for 3 days.");
      expect(deltas.join("")).toBe("It says: sunny in Ålesund for 3 days.");
      expect(deltas.length).toBeGreaterThan(3);
      expect(calls).toEqual([{ city: "Ålesund", days: 3 }]);
      expect(sent.count).toBe(2);
    },
  );

  test("runTools runs two calls of one answer, in order", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const { calls, tool } = createTool(false);
    const body = ask(
      '@@tool get_weather {"city":"Oslo","days":1}',
      '@@tool get_weather {"city":"Bergen","days":2}',
      "@@then {result}",
    );
    const content = await helpers.runTools({ ...body, stream: true, tools: [tool] }).finalContent();
    expect(calls.map(({ city }) => city)).toEqual(["Oslo", "Bergen"]);
    expect(content).toBe("sunny in Oslo for 1 days\nsunny in Bergen for 2 days");
  });

  test("runTools keeps the session of a user: nothing comes twice", async ({ connect }) => {
    const { client, helpers } = connect(sdk);
    const { calls, tool } = createTool(false);
    const user = "tools";
    await helpers.runTools({ ...ask(...lines), user, tools: [tool] }).finalContent();
    const { choices } = await client.chat.completions.create({ ...ask("@@messages"), user });
    const kept = JSON.parse(choices[0]?.message.content ?? "") as { role: string }[];
    expect(kept.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant", "user"]);
    expect(calls).toHaveLength(1);
  });

  test("the arguments of a streamed call come in pieces under one id and make the ones of a plain call", async ({
    connect,
  }) => {
    const { client } = connect(sdk);
    const body = { ...ask(lines[0]), tools: [weather] };
    const [call] = (await client.chat.completions.create(body)).choices[0]?.message.tool_calls ?? [];
    expect(call).toMatchObject({
      type: "function",
      id: expect.stringMatching(/^call_/) as string,
      function: { name: "get_weather", arguments: '{"city":"Ålesund","days":3}' },
    });
    const chunks = await collect(await client.chat.completions.create({ ...body, stream: true }));
    const pieces = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    expect(pieces[0]).toMatchObject({ index: 0, type: "function", function: { name: "get_weather", arguments: "" } });
    expect(pieces.map(({ function: fn }) => fn?.arguments ?? "").join("")).toBe('{"city":"Ålesund","days":3}');
    expect(pieces.slice(1).filter((piece) => "id" in piece || "type" in piece)).toEqual([]);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
  });

  test("the stream helper tells the arguments as they come and once for each call", async ({ connect }) => {
    const { helpers } = connect(sdk);
    const deltas: string[] = [];
    const done: string[] = [];
    const stream = helpers
      .stream({ ...ask(lines[0], '@@tool get_weather {"city":"Oslo","days":1}'), tools: [weather] })
      .on("tool_calls.function.arguments.delta", (event) => (deltas[event.index] = event.arguments))
      .on("tool_calls.function.arguments.done", (event) =>
        done.push(`${event.index} ${event.name} ${event.arguments}`),
      );
    const { choices } = await stream.finalChatCompletion();
    expect(done).toEqual(['0 get_weather {"city":"Ålesund","days":3}', '1 get_weather {"city":"Oslo","days":1}']);
    expect(deltas).toEqual(['{"city":"Ålesund","days":3}', '{"city":"Oslo","days":1}']);
    const calls = choices[0]?.message.tool_calls ?? [];
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  });
});
