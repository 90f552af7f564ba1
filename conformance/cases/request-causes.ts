import { defineCauses, type Evidence } from "../tell/cause.ts";
import { isObject } from "../expect.ts";

/** The cases that send something wrong and want it refused. */
const refusals = "01 02 03 04 05 06 07 10 14 15 16 17 24 25 26 27 29 30 31 34 35 36 37 39 40 41 43 45 46 47 48 49 51 55"
  .split(" ")
  .map((number) => `REQ-${number}`)
  .concat("ROB-03", "ROUTE-10", "LIM-05", "CONC-06");

export const requestCauses = defineCauses([
  {
    id: "unchecked-requests",
    cases: refusals,
    shows: ({ call, answer, text }) =>
      isSuccess(call.status) &&
      call.end === "complete" &&
      (answer?.["choices"] !== undefined || text.startsWith("data:"))
        ? "Requests are not checked: what OpenAI refuses with 400 is answered as if it were right."
        : undefined,
  },
  {
    id: "unnamed-field",
    cases: [...refusals, "ERR-01", "ERR-14"],
    shows: ({ words, call, answer }) =>
      words.includes("error.param") &&
      call.status === 400 &&
      isObject(answer?.["error"]) &&
      typeof answer["error"]["param"] !== "string"
        ? "A refusal does not say which field it is about: `error.param` is empty."
        : undefined,
  },
  {
    id: "deaf-tools",
    cases: ["TOOL-*", "REQ-39", "REQ-40", "REQ-42", "SDK-*", "CAP-*"],
    shows: ({ asked, call, text }) =>
      isSuccess(call.status) && isForced(asked) && !/"(?:tool_calls|function_call)"\s*:\s*[[{]/.test(text)
        ? `A call that \`${asked["function_call"] === undefined ? "tool_choice" : "function_call"}\` forces is not made: the answer is text.`
        : undefined,
  },
  {
    id: "deaf-schema",
    cases: ["SO-*", "CAP-*"],
    shows: ({ asked, call, answer }) =>
      isSuccess(call.status) && isSchema(asked) && toContent(answer) === "text"
        ? "`json_schema` is not obeyed: the answer is text."
        : undefined,
  },
]);

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function isForced({ tool_choice: choice, function_call: call }: Evidence["asked"]): boolean {
  return choice === "required" || isObject(choice) || isObject(call);
}

function isSchema({ response_format: format }: Evidence["asked"]): boolean {
  return isObject(format) && format["type"] === "json_schema";
}

/** What kind of content the first choice has. */
function toContent(answer: Evidence["answer"]): "json" | "text" | undefined {
  const choices: unknown = answer?.["choices"];
  const [first] = Array.isArray(choices) ? (choices as readonly unknown[]) : [];
  const message = isObject(first) ? first["message"] : undefined;
  const content = isObject(message) ? message["content"] : undefined;
  if (typeof content !== "string") return undefined;
  try {
    JSON.parse(content);
    return "json";
  } catch {
    return "text";
  }
}
