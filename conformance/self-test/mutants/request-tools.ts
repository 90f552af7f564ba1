import { isObject } from "../../expect.ts";
import { without } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { type Body, editBody, refuse } from "./request-edit.ts";

const nameForm = /^[\w-]{1,64}$/;

function toTools({ tools }: Body): Body[] {
  return Array.isArray(tools) ? tools.filter(isObject) : [];
}

function toFunctions(body: Body): Body[] {
  return toTools(body)
    .map((tool) => tool["function"])
    .filter(isObject);
}

/** Whether the tool can be used at all. */
function isWhole(tool: Body): boolean {
  const declared = tool["type"] === "custom" ? tool["custom"] : tool["function"];
  return /^(function|custom)$/.test(String(tool["type"])) && isObject(declared) && typeof declared["name"] === "string";
}

export const requestToolMutants = defineMutants([
  {
    id: "tools-ignored",
    what: "Tools and their choice are ignored in silence: the model answers in words (monoes/monomind#243).",
    killedBy: ["REQ-37", "REQ-39", "REQ-40", "REQ-41", "REQ-50", "REQ-36", "REQ-51"],
    call: editBody((body) => without(body, "tools", "tool_choice")),
  },
  {
    id: "tools-broken-dropped",
    what: "A tool of another type or without a name is dropped.",
    killedBy: ["REQ-37", "REQ-51"],
    call: editBody((body) => {
      if (!("tools" in body)) return undefined;
      const whole = toTools(body).filter(isWhole);
      return whole.length > 0 ? { ...body, tools: whole } : without(body, "tools");
    }),
  },
  {
    id: "tools-parameters-required",
    what: "A function without `parameters` is refused.",
    killedBy: ["REQ-36", "REQ-38"],
    call: editBody((body) =>
      toFunctions(body).some((one) => nameForm.test(String(one["name"])) && !("parameters" in one))
        ? refuse(400, { message: "Field required", param: "tools[0].function.parameters" })
        : undefined,
    ),
  },
  {
    id: "tools-strict-null-refused",
    what: "`strict: null` in a function is refused.",
    killedBy: ["REQ-38"],
    call: editBody((body) =>
      toFunctions(body).some(({ strict }) => strict === null)
        ? refuse(400, { param: "tools[0].function.strict" })
        : undefined,
    ),
  },
  {
    id: "tools-schema-keyword-refused",
    what: "`$schema` within parameters, which zodFunction() sends, is refused.",
    killedBy: ["REQ-38"],
    call: editBody((body) =>
      toFunctions(body).some(({ parameters }) => isObject(parameters) && "$schema" in parameters)
        ? refuse(400, { message: "Unknown keyword: $schema", param: "tools[0].function.parameters" })
        : undefined,
    ),
  },
  {
    id: "tools-names-unread",
    what: "Any text is the name of a function or a schema.",
    killedBy: ["REQ-36"],
    call: editBody((body) =>
      /bad name!/.test(JSON.stringify(body)) ? without(body, "tools", "response_format") : undefined,
    ),
  },
  {
    id: "choice-required-refused",
    what: '`tool_choice: "required"` is refused, as vLLM did for long.',
    killedBy: ["REQ-39"],
    call: editBody((body) =>
      body["tool_choice"] === "required" && "tools" in body ? refuse(400, { param: "tool_choice" }) : undefined,
    ),
  },
  {
    id: "choice-unknown-is-auto",
    what: "A `tool_choice` that means nothing is taken for `auto`.",
    killedBy: ["REQ-39"],
    call: editBody((body) => {
      const { tool_choice: choice } = body;
      const type = isObject(choice) ? choice["type"] : choice;
      return /^(none|auto|required|function|custom|allowed_tools)$/.test(String(type))
        ? undefined
        : without(body, "tool_choice");
    }),
  },
  {
    id: "choice-of-nobody",
    what: "A choice of a tool that was not given is ignored.",
    killedBy: ["REQ-40", "REQ-41"],
    call: editBody((body) => {
      const { tool_choice: choice } = body;
      const chosen = isObject(choice) && isObject(choice["function"]) ? choice["function"]["name"] : undefined;
      const isGiven = chosen === undefined || toFunctions(body).some(({ name }) => name === chosen);
      return isGiven ? undefined : without(body, "tool_choice");
    }),
  },
  {
    id: "choice-without-tools",
    what: "A forced call without tools is ignored.",
    killedBy: ["REQ-41"],
    call: editBody((body) => ("tools" in body ? undefined : without(body, "tool_choice"))),
  },
  {
    id: "functions-ignored",
    what: "The legacy `functions` are ignored in silence.",
    killedBy: ["REQ-42"],
    call: editBody((body) => without(body, "functions", "function_call")),
  },
  {
    id: "functions-as-tools",
    what: "The legacy `functions` are answered with `tool_calls`, which such clients do not read.",
    killedBy: ["REQ-42"],
    call: editBody((body) => {
      const { functions } = body;
      if (!Array.isArray(functions) || functions.length !== 1) return undefined;
      const tools = functions.map((one: unknown) => ({ type: "function", function: one }));
      return { ...without(body, "functions", "function_call"), tools, tool_choice: "required" };
    }),
  },
]);
