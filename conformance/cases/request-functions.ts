import { defineCases } from "../case.ts";
import { expectEqual, expectObject, expectText, expectThat, show } from "../expect.ts";
import { without } from "../self-test/edit.ts";
import { editBody } from "../self-test/edits/requests.ts";
import { expectRefusedInWords } from "./error-words.ts";
import { ask, expectAccepted, toError, toMessage } from "./request-check.ts";
import { weatherTool } from "./request-history.ts";

export const requestFunctionCases = defineCases([
  {
    id: "REQ-42",
    level: "MUST",
    requirement:
      "The legacy `functions` with `function_call` give `message.function_call`, or 400 that names one of the two; they are never ignored.",
    source: "OpenAI's document: CreateChatCompletionRequest.functions (1 to 128, deprecated), .function_call",
    limitMs: 20_000,
    faults: [
      {
        id: "functions-ignored",
        what: "The legacy `functions` are ignored in silence.",
        call: editBody((body) => without(body, "functions", "function_call")),
      },
      {
        id: "functions-as-tools",
        what: "The legacy `functions` are answered with `tool_calls`, which such clients do not read.",
        call: editBody((body) => {
          const { functions } = body;
          if (!Array.isArray(functions) || functions.length !== 1) return undefined;
          const made = functions.map((one: unknown) => ({ type: "function", function: one }));
          return { ...without(body, "functions", "function_call"), tools: made, tool_choice: "required" };
        }),
      },
    ],
    async run(context) {
      const content = "What is the weather in Oslo?";
      const fields = { functions: [weatherTool.function], function_call: { name: "get_weather" } };
      const answer = await ask(context, { messages: [{ role: "user", content }], ...fields });
      if (answer.status === 400) {
        const words = expectRefusedInWords(answer, [400], show(fields));
        const named = `${String(toError(answer)?.["param"])} ${words}`;
        expectThat(/\bfunction(s|_call)\b/.test(named), "the error to name functions or function_call", named);
        return context.note("the legacy functions are refused");
      }
      expectAccepted(answer, show(fields));
      const call = toMessage(answer)?.["function_call"];
      expectObject(call, "message.function_call of a forced call");
      expectEqual(call["name"], "get_weather", "function_call.name");
      expectText(call["arguments"], "function_call.arguments");
    },
  },
]);
