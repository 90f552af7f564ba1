import { isObject } from "../../expect.ts";
import { without } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { complete, crash, editBody, editError, isChat, parse, refusalCases, refuse, toJson } from "./request-edit.ts";

export const requestBodyMutants = defineMutants([
  {
    id: "request-422",
    what: "Whatever is wrong with a body is 422 with `detail`, as FastAPI does by itself: BadRequestError is never thrown.",
    killedBy: refusalCases,
    answer: (answer, call) =>
      answer.status === 400 && isChat(call)
        ? toJson(422, { detail: [{ loc: ["body"], msg: "Field required" }] })
        : answer,
  },
  {
    id: "request-error-as-200",
    what: "A refusal goes out with status 200, the error in the body (vercel/ai#20351).",
    killedBy: refusalCases,
    answer: (answer) => (answer.status === 400 ? { ...answer, status: 200 } : answer),
  },
  {
    id: "request-nothing-validated",
    what: "Whatever cannot be used is answered anyway.",
    killedBy: [...refusalCases, "LIM-05"],
    answer: (answer, call) => (answer.status === 400 && isChat(call) ? complete("How can I help?") : answer),
  },
  {
    id: "request-syntax-500",
    what: "A body that does not parse is a 500, as the parser's exception is not caught.",
    killedBy: ["REQ-01", "REQ-03"],
    call: (call) => (isChat(call) && parse(call.bytes.toString("utf8")) === undefined ? crash : undefined),
  },
  {
    id: "request-syntax-type",
    what: "The error for broken JSON has the type of the parser's exception.",
    killedBy: ["REQ-01"],
    answer: editError((error) => (error["param"] === null ? { ...error, type: "SyntaxError" } : error)),
  },
  {
    id: "request-no-object-500",
    what: "A body that is JSON but no object reads a field of null: 500.",
    killedBy: ["REQ-02"],
    call: (call) => (isChat(call) && call.body === undefined ? crash : undefined),
  },
  {
    id: "request-empty-body",
    what: "An empty body is taken for a body with defaults and answered.",
    killedBy: ["REQ-03"],
    call: (call) => (isChat(call) && call.bytes.length === 0 ? complete("Hello!") : undefined),
  },
  {
    id: "request-input-taken",
    what: "The `input` of the Responses API is taken for `messages`, and none at all for an empty prompt (Cursor).",
    killedBy: ["REQ-04"],
    call: editBody((body) =>
      "messages" in body
        ? undefined
        : { ...body, messages: [{ role: "user", content: typeof body["input"] === "string" ? body["input"] : "" }] },
    ),
  },
  {
    id: "request-param-missing",
    what: "No refusal says which field is wrong: `param` is always null.",
    killedBy: [
      "REQ-04",
      "REQ-05",
      "REQ-10",
      "REQ-16",
      "REQ-24",
      "REQ-25",
      "REQ-26",
      "REQ-27",
      "REQ-34",
      "REQ-36",
      "REQ-40",
      "REQ-41",
      "REQ-43",
      "REQ-47",
      "REQ-49",
      "REQ-51",
    ],
    answer: editError((error) => ({ ...error, param: null })),
  },
  {
    id: "request-param-whole-message",
    what: "`param` stops at the top level: `messages` where `messages[1].content` is wrong.",
    killedBy: ["REQ-51", "REQ-49"],
    answer: editError((error) => ({ ...error, param: String(error["param"]).replace(/[.[].*$/, "") })),
  },
  {
    id: "request-message-unnamed",
    what: "The text of a refusal is always `Bad Request`.",
    killedBy: ["REQ-04"],
    answer: editError((error) => ({ ...error, message: "Bad Request" })),
  },
  {
    id: "request-model-missing",
    what: "A body without `model` is a 500.",
    killedBy: ["REQ-07"],
    call: editBody((body) => ("model" in body ? undefined : crash)),
  },
  {
    id: "request-strict-fields",
    what: "Unknown fields of the body are refused without a name (vllm-project/vllm#10463).",
    killedBy: ["REQ-20"],
    call: editBody((body) => (Object.keys(body).some((key) => key.startsWith("x_")) ? refuse(400) : undefined)),
  },
  {
    id: "request-recursive-parser",
    what: "A parser that calls itself overflows on deep nesting: 500.",
    killedBy: ["REQ-53"],
    call: (call) => (call.bytes.includes("[".repeat(5000)) ? crash : undefined),
  },
  {
    id: "request-prototype",
    what: "`__proto__` of a body is assigned and its fields are read from there.",
    killedBy: ["REQ-54"],
    call: editBody((body) => {
      const inherited = Object.entries(body).find(([key]) => key === "__proto__")?.[1];
      return isObject(inherited) ? { ...inherited, ...without(body, "__proto__", "constructor") } : undefined;
    }),
  },
]);
