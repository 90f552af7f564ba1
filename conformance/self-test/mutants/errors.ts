import { toRefusal, without, withHeaders } from "../edit.ts";
import { defineMutants, type ProxiedAnswer } from "../mutant.ts";

type Tree = Record<string, unknown>;

const page = "<!doctype html><html><body><h1>Something went wrong</h1></body></html>";

/** Faults in the envelope and the status of errors. */
export const errorMutants = defineMutants([
  {
    id: "error-flat",
    what: "Errors are `{error_code, message}`: earendil-works/pi#7748.",
    answer: changeBody(({ error }) => ({ error_code: (error as Tree)["code"], message: (error as Tree)["message"] })),
    killedBy: ["ERR-01", "ERR-02", "ERR-03", "ERR-04", "ERR-07", "ERR-14", "ERR-23"],
  },
  {
    id: "error-as-text",
    what: "`error` is a string: lobehub/lobehub#19404.",
    answer: changeBody(({ error }) => ({ error: (error as Tree)["message"] })),
    killedBy: ["ERR-01", "ERR-02", "ERR-03", "ERR-04", "ERR-07", "ERR-14"],
  },
  {
    id: "error-of-fastapi",
    what: "Errors are `{detail}`: earendil-works/pi#5763.",
    answer: changeBody(({ error }) => ({ detail: [{ loc: ["body"], msg: (error as Tree)["message"] }] })),
    killedBy: ["ERR-01", "ERR-02", "ERR-14", "ERR-07"],
  },
  {
    id: "error-without-param",
    what: "Errors have no `param`.",
    answer: changeError((error) => without(error, "param")),
    killedBy: ["ERR-01", "ERR-14"],
  },
  {
    id: "error-without-code",
    what: "Errors have no `code`.",
    answer: changeError((error) => without(error, "code")),
    killedBy: ["ERR-01", "ERR-23"],
  },
  {
    id: "error-as-text-plain",
    what: "Errors are JSON of the type text/plain.",
    answer: (answer) => (answer.status >= 400 ? withHeaders(answer, { "content-type": "text/plain" }) : answer),
    killedBy: ["ERR-01", "ERR-07"],
  },
  {
    id: "error-without-message",
    what: 'The message is empty: "status code (no body)", openai/openai-node#1746.',
    answer: changeError((error) => ({ ...error, message: "" })),
    killedBy: ["ERR-02", "ERR-20"],
  },
  {
    id: "error-message-object",
    what: "The message is an object.",
    answer: changeError((error) => ({ ...error, message: { text: error["message"] } })),
    killedBy: ["ERR-02", "ERR-20"],
  },
  {
    id: "error-code-number",
    what: "`code` is the number of the status, as of OpenRouter.",
    answer: (answer) => changeError((error) => ({ ...error, code: answer.status }))(answer),
    killedBy: ["ERR-03", "ERR-23"],
  },
  {
    id: "error-type-null",
    what: "`type` is null.",
    answer: changeError((error) => ({ ...error, type: null })),
    killedBy: ["ERR-04"],
  },
  {
    id: "error-param-list",
    what: "`param` is the path as a list.",
    answer: changeError((error) => (error["param"] === null ? error : { ...error, param: ["body", error["param"]] })),
    killedBy: ["ERR-04", "ERR-14"],
  },
  {
    id: "error-param-null",
    what: "No error names the field at fault.",
    answer: changeError((error) => ({ ...error, param: null })),
    killedBy: ["ERR-14"],
  },
  {
    id: "error-wrong-key-403",
    what: "A wrong key is a 403: applications look for AuthenticationError.",
    answer: changeStatus(401, 403),
    killedBy: ["ERR-05"],
  },
  {
    id: "error-unknown-path-400",
    what: "An unknown path is a 400.",
    answer: changeStatus(404, 400),
    killedBy: ["ERR-05"],
  },
  {
    id: "error-invalid-422",
    what: "A body that is not valid is a 422, as of FastAPI.",
    answer: changeStatus(400, 422),
    killedBy: ["ERR-06", "ERR-23"],
  },
  {
    id: "error-invalid-500",
    what: "A body that is not valid is a 500, and the SDK asks three times.",
    answer: changeStatus(400, 500),
    killedBy: ["ERR-05", "ERR-06", "ERR-19", "ERR-23"],
  },
  {
    id: "error-invalid-409",
    what: "A body that is not valid is a 409, which the SDK repeats.",
    answer: changeStatus(400, 409),
    killedBy: ["ERR-05", "ERR-06", "ERR-19"],
  },
  {
    id: "error-unknown-model-503",
    what: "An unknown model is a 503, as of some routers.",
    answer: (answer, call) =>
      call.body?.["model"] === "no-such-model-xyz" ? toRefusal(503, "no backend for this model") : answer,
    killedBy: ["ERR-19"],
  },
  {
    id: "error-should-retry",
    what: "Refusals ask to be tried again.",
    answer: (answer) => (answer.status === 400 ? withHeaders(answer, { "x-should-retry": "true" }) : answer),
    killedBy: ["ERR-19", "ERR-23"],
  },
  {
    id: "error-page",
    what: "A proxy puts a page in place of every 5xx: web-infra-dev/midscene#2741.",
    answer: (answer) =>
      answer.status >= 500 ? withHeaders({ ...answer, body: page }, { "content-type": "text/html" }) : answer,
    killedBy: ["ERR-01", "ERR-02", "ERR-03", "ERR-04", "ERR-07", "ERR-22", "ERR-20"],
  },
  {
    id: "error-page-for-unknown-path",
    what: "An unknown path is answered with a page.",
    answer: (answer) =>
      answer.status === 404 ? withHeaders({ ...answer, body: page }, { "content-type": "text/html" }) : answer,
    killedBy: ["ERR-01", "ERR-22"],
  },
  {
    id: "error-unknown-path-empty",
    what: "An unknown path is a 404 without a body.",
    answer: (answer) => (answer.status === 404 ? { status: 404, headers: {}, body: "" } : answer),
    killedBy: ["ERR-01", "ERR-02", "ERR-03", "ERR-04", "ERR-05"],
  },
  {
    id: "error-with-stack",
    what: "Errors show where in the program they were made.",
    answer: changeError((error) => ({ ...error, stack: "Error: no\n    at run (/home/node/app/server.js:10:5)" })),
    killedBy: ["ERR-13"],
  },
  {
    id: "error-with-key",
    what: "The refusal of a request repeats the key it came with.",
    answer: (answer, call) =>
      changeError((error) => ({ ...error, message: `Refused for ${String(call.headers.authorization)}` }))(answer),
    killedBy: ["ERR-13"],
  },
]);

function changeBody(edit: (body: Tree) => unknown): (answer: ProxiedAnswer) => ProxiedAnswer {
  return (answer) => {
    if (answer.status < 400 || !String(answer.body).startsWith("{")) return answer;
    return { ...answer, body: JSON.stringify(edit(JSON.parse(String(answer.body)) as Tree)) };
  };
}

function changeError(edit: (error: Tree) => unknown): (answer: ProxiedAnswer) => ProxiedAnswer {
  return changeBody((body) => ({ ...body, error: edit(body["error"] as Tree) }));
}

function changeStatus(from: number, to: number): (answer: ProxiedAnswer) => ProxiedAnswer {
  return (answer) => (answer.status === from ? { ...answer, status: to } : answer);
}
