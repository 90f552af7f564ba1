import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectObject, expectText, expectThat, Skip } from "../expect.ts";
import { sdkPackages } from "../lens/sdk.ts";
import { changeFunctions } from "../self-test/edits/tools.ts";
import { expectMatch, film, filmFormat, filmPrompt, filmSchema } from "./schema-film.ts";
import { settle } from "./sdk-settle.ts";
import { parseJson, scripted, toCallBody, weather } from "./tools-calls.ts";

/** The helpers of the official SDK that work on schemas and tools. */
export const sdkHelperCases = defineCases([
  {
    id: "SDK-07",
    level: "MUST",
    requirement: "`.parse()` gives `parsed`, for a zod schema and for a JSON schema.",
    source:
      "The SDK, every major (under `beta` in 4); it sends `$schema`, `strict: true` and `additionalProperties: false`",
    needs: ["schema"],
    eachSdk: true,
    limitMs: 30_000,
    finds: [
      "json-as-text-plain",
      "json-in-fence",
      "json-with-preamble",
      "json-as-array",
      "json-content-as-object",
      "schema-dialect-refused",
      "format-refused-without-param",
    ],
    async run(context) {
      const { sdk, say, signal, has } = context;
      const text = has("fixture") ? `@@echo ${JSON.stringify(JSON.stringify(film))}` : filmPrompt;
      const zodFormat = await toZodFormat(sdk.major);
      if (zodFormat === undefined) context.note("without zod, which is not installed");
      for (const response_format of [filmFormat, ...(zodFormat === undefined ? [] : [zodFormat])]) {
        const kind = response_format === filmFormat ? "JSON schema" : "zod schema";
        const asked = sdk.helpers.parse(say(text, { response_format }), { signal });
        const answer = await settle(asked, `\`.parse()\` to read the answer to a ${kind}`);
        const { parsed } = (answer.choices[0]?.message ?? {}) as { parsed?: unknown };
        expectMatch(parsed, filmSchema, `parsed for a ${kind}`);
        if (has("fixture")) expectEqual(parsed, film, `parsed for a ${kind}`);
      }
    },
  },
  {
    id: "SDK-08",
    level: "MUST",
    requirement: "`.runTools()` hands the arguments over as the text that was sent, and ends by itself.",
    source:
      "The SDK, every major: a tool without a parser gets the string; `maxChatCompletions` is only its last resort",
    needs: ["tools"],
    eachSdk: true,
    limitMs: 30_000,
    finds: [
      "json-as-text-plain",
      "call-type-missing",
      "call-arguments-object",
      "call-arguments-twice-encoded",
      "assistant-null-refused",
      "tool-results-dropped",
    ],
    faults: [
      {
        id: "call-arguments-rewritten",
        what: "Arguments are parsed and written again, and no longer what the model said.",
        json: changeFunctions((one) => ({ ...one, arguments: JSON.stringify(JSON.parse(String(one["arguments"]))) })),
      },
    ],
    async run(context) {
      const { sdk, say, signal, has } = context;
      const given: string[] = [];
      const tool = {
        type: "function" as const,
        function: {
          name: "get_weather",
          description: "The weather in a city.",
          parameters: weather.function.parameters,
          function: (text: string) => {
            given.push(text);
            return { degrees: 7 };
          },
        },
      };
      const text = has("fixture")
        ? '@@tool get_weather {"city": "Oslo"}\n@@then {result}'
        : "What is the weather in Oslo? Call get_weather, then answer.";
      const body = { ...say(text), tools: [tool], stream: false as const };
      const runner = sdk.helpers.runTools(body, { signal, maxChatCompletions: 5 });
      const content = await settle(runner.finalContent(), "runTools to come to a final answer", 25_000);
      if (given.length === 0 && !has("fixture")) throw new Skip("the model made no call");
      expectText(content, "the final content");
      for (const one of given) expectObject(parseJson(one), `the arguments ${one}`);
      const rounds = runner.allChatCompletions().length;
      expectThat(rounds < 5, "an end before maxChatCompletions", `${rounds} rounds`);
      if (!has("fixture")) return;
      expectEqual(given, ['{"city": "Oslo"}'], "the arguments that the callback was given");
      expectEqual(parseJson(content), { degrees: 7 }, "the final content");
      expectEqual(sdk.requestCount(), 2, "the number of requests");
    },
  },
  {
    id: "SDK-09",
    level: "MUST",
    requirement: "`.stream()` says once for each tool call that its arguments are complete.",
    source:
      "The SDK, every major: tool_calls.function.arguments.done; calls that come interleaved make it fire again and again",
    needs: ["tools"],
    eachSdk: true,
    finds: [
      "finish-missing-for-calls",
      "role-missing",
      "role-chunk-dropped-for-calls",
      "call-delta-without-index",
      "call-delta-index-in-first-only",
      "call-delta-index-constant",
      "call-delta-index-from-one",
      "call-delta-without-type",
      "call-delta-name-in-pieces",
      "call-deltas-interleaved",
      "call-delta-arguments-ascii",
    ],
    async run(context) {
      const done: { name: string; arguments: string }[] = [];
      const body = toCallBody(context) as ReturnType<CaseContext["say"]>;
      const stream = context.sdk.helpers.stream(body, { signal: context.signal });
      stream.on("tool_calls.function.arguments.done", ({ name, arguments: text }) =>
        done.push({ name, arguments: text }),
      );
      const completion = await settle(stream.finalChatCompletion(), "`.stream()` to read the calls");
      const calls = (completion.choices[0]?.message.tool_calls ?? []).map((call) =>
        "function" in call ? { name: call.function.name, arguments: call.function.arguments } : call,
      );
      expectThat(calls.length > 0, "tool calls in the completion", completion.choices);
      expectEqual(done, calls, "the events of complete arguments");
      if (context.has("fixture")) expectEqual(calls, scripted, "the calls");
    },
  },
]);

interface ZodHelpers {
  readonly zodResponseFormat: (schema: unknown, name: string) => typeof filmFormat;
}

/** The film as the SDK makes it of a zod schema; undefined where zod, which the SDK does not bring, is missing. */
async function toZodFormat(major: number): Promise<typeof filmFormat | undefined> {
  try {
    const { z } = await import("zod");
    const { zodResponseFormat } = (await import(`${sdkPackages[major]}/helpers/zod`)) as ZodHelpers;
    const schema = z.object({
      title: z.string(),
      year: z.number().int(),
      genre: z.enum(["comedy", "drama", "horror"]),
      tags: z.array(z.string()),
    });
    return zodResponseFormat(schema, "film");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
