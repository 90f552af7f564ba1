import { defineCases } from "../case.ts";
import { isObject, show } from "../expect.ts";
import { without } from "../self-test/edit.ts";
import { editBody, refuse, toFunctions } from "../self-test/edits/requests.ts";
import { expectRefusedInWords } from "./error-words.ts";
import { accepts, ask, describe, expectAccepted, expectRefused, isNotOffered, refuses } from "./request-check.ts";
import { weatherTool } from "./request-history.ts";

const tools = [weatherTool];
const custom = { type: "custom", custom: { name: "note", description: "Takes a note." } };
const weatherChoice = { type: "function", function: { name: "get_weather" } };

export const requestToolChoiceCases = defineCases([
  {
    id: "REQ-39",
    level: "MUST",
    requirement:
      "`tool_choice` is `none`, `auto`, `required`, a named function, a named custom tool or `allowed_tools`; another value is refused with 400.",
    source: "OpenAI's document: ChatCompletionToolChoiceOption",
    needs: ["tools"],
    limitMs: 45_000,
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "tools-ignored",
      "robust-type-error-500",
    ],
    faults: [
      {
        id: "choice-required-refused",
        what: '`tool_choice: "required"` is refused, as vLLM did for long.',
        call: editBody((body) =>
          body["tool_choice"] === "required" && "tools" in body ? refuse(400, { param: "tool_choice" }) : undefined,
        ),
      },
      {
        id: "choice-unknown-is-auto",
        what: "A `tool_choice` that means nothing is taken for `auto`.",
        call: editBody((body) => {
          const { tool_choice: choice } = body;
          const type = isObject(choice) ? choice["type"] : choice;
          return /^(none|auto|required|function|custom|allowed_tools)$/.test(String(type))
            ? undefined
            : without(body, "tool_choice");
        }),
      },
    ],
    async run(context) {
      for (const wrong of ["sometimes", { type: "magic" }, 1]) {
        const fields = { tools, tool_choice: wrong };
        expectRefusedInWords(await ask(context, fields, { limitMs: 5000 }), [400], show(fields));
      }
      const choices: unknown[] = ["none", "auto", "required", weatherChoice];
      // What a fixture is told to say could be no call, which a server that holds to `required` may not give on.
      const messages = [{ role: "user", content: "What is the weather in Oslo? Note it." }];
      await accepts(choices.map((choice) => ({ messages, tools, tool_choice: choice })))(context);
      if (context.has("custom")) {
        const choice = { type: "custom", custom: { name: "note" } };
        await accepts([{ messages, tools: [custom], tool_choice: choice }])(context);
      }
      const allowed = { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [weatherChoice] } };
      const answer = await ask(context, { tools, tool_choice: allowed });
      if (isNotOffered(answer, "tool_choice")) context.note(`allowed_tools is not offered: ${describe(answer)}`);
      else expectAccepted(answer, show(allowed));
    },
  },
  {
    id: "REQ-40",
    level: "SHOULD",
    requirement: "`tool_choice` that names a tool which was not given is refused with 400 that names `tool_choice`.",
    source: "OpenAI's service refuses it; without a check the model is forced to call something that does not exist",
    needs: ["tools"],
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "tools-ignored",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "choice-of-nobody",
        what: "A choice of a tool that was not given is ignored.",
        call: editBody((body) => {
          const { tool_choice: choice } = body;
          const chosen = isObject(choice) && isObject(choice["function"]) ? choice["function"]["name"] : undefined;
          const isGiven = chosen === undefined || toFunctions(body).some(({ name }) => name === chosen);
          return isGiven ? undefined : without(body, "tool_choice");
        }),
      },
    ],
    run: refuses([{ tools, tool_choice: { type: "function", function: { name: "get_time" } } }], "tool_choice"),
  },
  {
    id: "REQ-41",
    level: "SHOULD",
    requirement:
      "Without `tools`, a `tool_choice` that forces a call is refused with 400; `none` and `auto` may be ignored.",
    source: "OpenAI's service: `tool_choice` is only allowed when `tools` are specified",
    needs: ["tools"],
    limitMs: 20_000,
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "tools-ignored",
      "choice-of-nobody",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "choice-without-tools",
        what: "A forced call without tools is ignored.",
        call: editBody((body) => ("tools" in body ? undefined : without(body, "tool_choice"))),
      },
    ],
    async run(context) {
      await refuses([{ tool_choice: "required" }, { tool_choice: weatherChoice }], "tool_choice")(context);
      for (const choice of ["none", "auto"]) {
        const answer = await ask(context, { tool_choice: choice });
        if (answer.status === 200) expectAccepted(answer, `tool_choice: ${choice}`);
        else expectRefused(answer, `tool_choice: ${choice}`, "tool_choice");
        context.note(`without tools, \`${choice}\` is ${answer.status === 200 ? "ignored" : "refused"}`);
      }
    },
  },
]);
