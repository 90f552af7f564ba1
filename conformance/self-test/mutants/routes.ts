import { defineMutants, type ProxiedAnswer, type ProxiedCall } from "../mutant.ts";
import { editBody, isChat, refuse, toJson } from "./request-edit.ts";

const endpoint = "/v1/chat/completions";

function redirect(location: string): ProxiedAnswer {
  return { status: 301, headers: { location }, body: "" };
}

const page = { status: 404, headers: { "content-type": "text/html" }, body: "<h1>404 Not Found</h1>" };

/** Whether it chooses an agent by this header. */
function withoutAgent({ headers }: ProxiedCall): Pick<ProxiedCall, "headers"> {
  return { headers: { ...headers, "x-openclaw-agent-id": undefined } };
}

export const routeMutants = defineMutants([
  {
    id: "route-elsewhere",
    what: "The endpoint is mounted one folder deeper than the base URL says.",
    killedBy: ["ROUTE-01", "ROUTE-06", "ROUTE-07", "ROUTE-08", "ROUTE-09"],
    call: (call) => ({ path: call.path.replace("/v1/", "/v1/api/") }),
  },
  {
    id: "route-https-redirect",
    what: "A proxy in front sends every POST elsewhere with 301, as if it were a page.",
    killedBy: ["ROUTE-01", "ROUTE-02", "ROUTE-03"],
    call: ({ method, path }) => (method === "POST" ? redirect(`https://api.example${path}`) : undefined),
  },
  {
    id: "route-slash-redirect",
    what: "A slash at the end is redirected away with 301: the POST becomes a GET.",
    killedBy: ["ROUTE-03"],
    call: ({ path }) => (path.endsWith("/") ? redirect(path.slice(0, -1)) : undefined),
  },
  {
    id: "route-double-slash-redirect",
    what: "`v1//chat/completions` is redirected with 301 (open-webui/open-webui#12117).",
    killedBy: ["ROUTE-02"],
    call: ({ path }) => (path.includes("//") ? redirect(path.replace("//", "/")) : undefined),
  },
  {
    id: "route-get-404",
    what: "GET on the endpoint is 404, as if there were no such endpoint.",
    killedBy: ["ROUTE-04"],
    answer: (answer) => (answer.status === 405 ? { ...answer, status: 404 } : answer),
  },
  {
    id: "route-allow-missing",
    what: "A 405 does not say which methods there are.",
    killedBy: ["ROUTE-04"],
    answer: (answer) =>
      answer.status === 405
        ? {
            ...answer,
            headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name !== "allow")),
          }
        : answer,
  },
  {
    id: "route-404-empty",
    what: "A 404 has no body (uor-r4#764).",
    killedBy: ["ROUTE-05", "MOD-06", "ROUTE-02", "ROUTE-11"],
    answer: (answer) => (answer.status === 404 ? { ...answer, body: "" } : answer),
  },
  {
    id: "route-404-page",
    what: "An unknown path is answered with the page of a web server.",
    killedBy: ["ROUTE-05", "MOD-06", "ROUTE-02", "ROUTE-11"],
    answer: (answer) => (answer.status === 404 ? page : answer),
  },
  {
    id: "route-404-message-empty",
    what: "The error of a 404 has an empty message.",
    killedBy: ["ROUTE-05", "MOD-06", "ROUTE-02", "ROUTE-11"],
    answer: (answer) => (answer.status === 404 ? refuse(404, { message: "" }) : answer),
  },
  {
    id: "route-unknown-200",
    what: "Any path is answered 200 with the start page of the app.",
    killedBy: ["ROUTE-05", "ROUTE-02", "ROUTE-11"],
    answer: (answer) => (answer.status === 404 ? { ...page, status: 200 } : answer),
  },
  {
    id: "route-query-404",
    what: "The path is compared with its query (cursor/cursor#1640).",
    killedBy: ["ROUTE-06"],
    call: ({ path }) => (path.startsWith(`${endpoint}?`) ? refuse(404) : undefined),
  },
  {
    id: "route-accept-decides",
    what: "Whether the answer is a stream is read from `Accept`, where the SDK always says JSON.",
    killedBy: ["ROUTE-07", "ROUTE-08", "REQ-44", "LIM-06", "LIM-07", "ROB-10", "ROB-11"],
    call: editBody((body, { headers }) => {
      const isStream = headers.accept?.includes("event-stream") === true;
      return { ...body, stream: isStream };
    }),
  },
  {
    id: "route-accept-406",
    what: "A stream that is asked for with `Accept: application/json` is refused with 406.",
    killedBy: ["ROUTE-07", "REQ-44", "LIM-06", "LIM-07", "ROB-10", "ROB-11"],
    call: editBody((body, { headers }) =>
      body["stream"] === true && headers.accept === "application/json" ? refuse(406) : undefined,
    ),
  },
  {
    id: "route-stream-type",
    what: "A stream is sent as `application/x-ndjson` (Lightning-AI/LitServe#359).",
    killedBy: ["ROUTE-07"],
    streamHeaders: (headers) => ({ ...headers, "content-type": "application/x-ndjson" }),
  },
  {
    id: "route-type-exact",
    what: "`Content-Type` is compared letter by letter, parameters included.",
    killedBy: ["ROUTE-09"],
    call: (call) => (isChat(call) && call.headers["content-type"] !== "application/json" ? refuse(415) : undefined),
  },
  {
    id: "route-type-unread",
    what: "Any body is parsed as JSON, also one that a page of another site may send without asking.",
    killedBy: ["ROUTE-10"],
    call: ({ headers }) => ({ headers: { ...headers, "content-type": "application/json" } }),
  },
  {
    id: "route-model-fallback",
    what: "A model that is not there is answered by the default one.",
    killedBy: ["ROUTE-11"],
    call: editBody((body) =>
      /^(openclaw|agent)\b/.test(String(body["model"])) ? undefined : { ...body, model: "openclaw" },
    ),
  },
  {
    id: "route-model-unnamed",
    what: "An unknown model is 404 without the code that clients look for.",
    killedBy: ["ROUTE-11"],
    answer: (answer, call) =>
      answer.status === 404 && isChat(call) ? toJson(404, { error: { message: "Not found" } }) : answer,
  },
  {
    id: "route-agent-model-ignored",
    what: "The agent in `model` is ignored: the default agent answers.",
    killedBy: ["ROUTE-12", "ROUTE-13", "ROUTE-16"],
    call: editBody((body) => ({ ...body, model: "openclaw" })),
  },
  {
    id: "route-agent-header-ignored",
    what: "The header that names the agent is ignored.",
    killedBy: ["ROUTE-14", "ROUTE-15", "ROUTE-16"],
    call: withoutAgent,
  },
  {
    id: "route-agent-model-wins",
    what: "Where header and model differ, the model counts.",
    killedBy: ["ROUTE-15"],
    call: (call) => (/[:/]/.test(String(call.body?.["model"])) ? withoutAgent(call) : undefined),
  },
  {
    id: "route-agent-param",
    what: "The refusal of an agent id does not say where it stood.",
    killedBy: ["ROUTE-16"],
    answer: (answer) =>
      answer.status === 404 || answer.status === 400
        ? { ...answer, body: String(answer.body).replace(/"param":"[^"]*"/, '"param":null') }
        : answer,
  },
  {
    id: "route-close-cuts",
    what: "With `Connection: close` the connection ends before the last bytes are out.",
    killedBy: ["ROUTE-17"],
    answer: (answer, { headers }) =>
      headers.connection === "close" ? { ...answer, body: String(answer.body).slice(0, -20) } : answer,
  },
]);
