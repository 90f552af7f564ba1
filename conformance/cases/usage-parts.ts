import { defineCases } from "../case.ts";
import { expectEqual, expectObject, expectThat, Skip } from "../expect.ts";
import { without } from "../self-test/edit.ts";
import { changeUsage } from "../self-test/edits/usage.ts";
import { toBody } from "./nonstream-reading.ts";
import { expectSdkReads } from "./stream-reading.ts";
import { type Counts, toCounts } from "./usage-reading.ts";

const parts = [
  { details: "prompt_tokens_details", of: "prompt_tokens" },
  { details: "completion_tokens_details", of: "completion_tokens" },
] as const;

export const usagePartCases = defineCases([
  {
    id: "USE-10",
    level: "DOC",
    requirement: "What `usage` details of its counts are integers, none larger than the count that they are part of.",
    source:
      "OpenAI's document: CompletionUsage.prompt_tokens_details and completion_tokens_details; `totalUsage()` of the SDK adds them up",
    needs: ["usage"],
    finds: ["usage-missing"],
    faults: [
      {
        id: "usage-part-larger-than-whole",
        what: "More tokens came from the cache than the prompt has.",
        json: changeUsage((usage) => ({ ...usage, prompt_tokens_details: { cached_tokens: 100_000 } })),
      },
      {
        id: "usage-part-negative",
        what: "The reasoning tokens are counted as -1 where there are none.",
        json: changeUsage((usage) => ({ ...usage, completion_tokens_details: { reasoning_tokens: -1 } })),
      },
    ],
    async run({ plain, chat, say, has }) {
      const scripted = "@@usage prompt=10 completion=5 cached=2 reasoning=1\n@@echo hi";
      const answers = [await plain(), ...(has("fixture") ? [await chat(say(scripted))] : [])];
      for (const answer of answers) {
        const { usage } = toBody(answer);
        const counts = toCounts(usage);
        expectObject(usage, "usage");
        for (const { details, of } of parts) {
          // Null is what some write for none.
          if (usage[details] !== undefined && usage[details] !== null)
            expectParts(usage[details], `usage.${details}`, counts[of]);
        }
      }
    },
  },
  {
    id: "USE-11",
    level: "SHOULD",
    needs: ["usage", "tools"],
    requirement: "Every round of a tool call has its usage, so that `runTools` can add them up.",
    source: "SDK: `totalUsage()` is the sum over the rounds and silently leaves out those without `usage`",
    finds: ["usage-missing"],
    faults: [
      {
        id: "usage-missing-in-second-round",
        what: "The answer to a tool's result has no usage.",
        json: (body, call) =>
          JSON.stringify(call.body?.["messages"]).includes('"role":"tool"') ? without(body, "usage") : body,
      },
    ],
    async run(context) {
      const { sdk, say, has, signal } = context;
      const text = has("fixture")
        ? '@@tool get_weather {"city":"Oslo"}\n@@then It is {result} there.'
        : "What is the weather in Oslo? Call get_weather, then answer.";
      const runner = sdk.helpers.runTools({ ...say(text), tools: [weather] }, { signal, maxChatCompletions: 4 });
      const total = await expectSdkReads(runner.totalUsage(), "the rounds of a tool call");
      const rounds = runner
        .allChatCompletions()
        .map(({ usage }, place) => toCounts(usage, `usage of round ${place + 1}`));
      if (rounds.length < 2) throw new Skip("the model made no call");
      expectEqual(toCounts(total, "totalUsage()"), rounds.reduce(add), "totalUsage(), the sum of the rounds,");
    },
  },
]);

function expectParts(details: unknown, where: string, whole: number): void {
  expectObject(details, where);
  for (const [name, count] of Object.entries(details)) {
    const isCount = Number.isInteger(count) && Number(count) >= 0;
    expectThat(isCount, `${where}.${name} to be an integer of 0 or more`, count);
    expectThat(Number(count) <= whole, `${where}.${name} to be part of ${whole}`, count);
  }
}

function add(a: Counts, b: Counts): Counts {
  return {
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    completion_tokens: a.completion_tokens + b.completion_tokens,
    total_tokens: a.total_tokens + b.total_tokens,
  };
}

const weather = {
  type: "function" as const,
  function: {
    name: "get_weather",
    description: "The weather in a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    function: () => "7 degrees",
  },
};
