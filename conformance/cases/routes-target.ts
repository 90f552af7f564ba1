import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectOneOf, expectThat, Failure, show } from "../expect.ts";
import { toHead } from "../lens/socket.ts";
import { toText } from "../lens/stream.ts";
import { editBody, isChat, toJson } from "../self-test/edits/requests.ts";
import type { ProxiedCall } from "../self-test/mutant.ts";
import { ask, brief, expectEnvelope, expectStatus, toContent } from "./routes-answers.ts";
import { waitForWhole } from "./routes-raw.ts";
import { fromSdk, refusedBySdk } from "./routes-sdk.ts";

const agentHeader = "x-openclaw-agent-id";
const choosing = "OpenClaw's documentation, OpenAI Chat Completions: Choosing an agent.";

export const routeTargetCases = defineCases([
  {
    id: "ROUTE-11",
    level: "SHOULD",
    requirement:
      "An unknown `model` is 404 with the code `model_not_found` (or 400 with `param: model`), never answered.",
    source: "OpenAI's API: model_not_found. A typing error must not be paid for with another model's answer.",
    finds: ["route-404-empty", "route-404-page", "route-404-message-empty", "route-unknown-200"],
    faults: [
      {
        id: "route-model-fallback",
        what: "A model that is not there is answered by the default one.",
        call: editBody((body) =>
          /^(openclaw|agent)\b/.test(String(body["model"])) ? undefined : { ...body, model: "openclaw" },
        ),
      },
      {
        id: "route-model-unnamed",
        what: "An unknown model is 404 without the code that clients look for.",
        answer: (answer, call) =>
          answer.status === 404 && isChat(call) ? toJson(404, { error: { message: "Not found" } }) : answer,
      },
    ],
    async run(context) {
      const body = { ...ask(context), model: "no-such-model-xyz" };
      const call = context.sdk.client.chat.completions.create(body, { signal: context.signal });
      const error = await refusedBySdk(context, call, "APIError", "the model no-such-model-xyz");
      const fits =
        (error["status"] === 404 && error["code"] === "model_not_found") ||
        (error["status"] === 400 && error["param"] === "model");
      const { status, code, param, message } = error;
      expectThat(fits, "404 with the code model_not_found, or 400 with the param model", {
        status,
        code,
        param,
        message,
      });
    },
  },
  {
    id: "ROUTE-12",
    level: "EXT",
    requirement: '`model: "openclaw:<id>"` selects the agent with that id.',
    source: choosing,
    needs: ["agents"],
    faults: [
      {
        id: "route-agent-model-ignored",
        what: "The agent in `model` is ignored: the default agent answers.",
        call: editBody((body) => ({ ...body, model: "openclaw" })),
      },
    ],
    run: (context) => expectAgents(context, "openclaw:"),
  },
  {
    id: "ROUTE-13",
    level: "EXT",
    requirement: '`model: "agent:<id>"` selects the agent with that id.',
    source: choosing,
    needs: ["agents"],
    finds: ["route-agent-model-ignored"],
    run: (context) => expectAgents(context, "agent:"),
  },
  {
    id: "ROUTE-14",
    level: "EXT",
    requirement:
      "The header `x-openclaw-agent-id` selects the agent; without it and with `openclaw` it is the default.",
    source: choosing,
    needs: ["agents"],
    faults: [
      {
        id: "route-agent-header-ignored",
        what: "The header that names the agent is ignored.",
        call: withoutAgent,
      },
    ],
    async run(context) {
      expectEqual(await whoAnswers(context, "openclaw", "beta"), "beta", "the agent of the header beta");
      expectEqual(await whoAnswers(context, "openclaw", "main"), "main", "the agent of the header main");
      expectEqual(await whoAnswers(context, "openclaw"), "main", "the agent of a call that names none");
    },
  },
  {
    id: "ROUTE-15",
    level: "EXT",
    requirement: "Where `x-openclaw-agent-id` and `model` name different agents the header wins, in both modes.",
    source: choosing,
    needs: ["agents"],
    finds: ["route-agent-header-ignored"],
    faults: [
      {
        id: "route-agent-model-wins",
        what: "Where header and model differ, the model counts.",
        call: (call) => (/[:/]/.test(String(call.body?.["model"])) ? withoutAgent(call) : undefined),
      },
    ],
    async run(context) {
      for (const [model, header] of [
        ["openclaw:main", "beta"],
        ["agent:beta", "main"],
      ] as const) {
        const what = `the agent of the model ${model} with the header ${header}`;
        expectEqual(await whoAnswers(context, model, header), header, what);
        const body = { ...context.say("@@agent"), model };
        const reading = await context.stream(body, { headers: { [agentHeader]: header } });
        expectStatus(reading.answer, [200], `a streamed call with the model ${model} and the header ${header}`);
        expectEqual(toText(reading), header, `${what}, streamed`);
      }
    },
  },
  {
    id: "ROUTE-16",
    level: "EXT",
    requirement: "A malformed agent id is 400 or 404, `param` names where it stood, and nothing is opened by it.",
    source: "CWE-22: ids become file and session names.",
    needs: ["agents"],
    finds: ["route-agent-model-ignored", "route-agent-header-ignored"],
    faults: [
      {
        id: "route-agent-param",
        what: "The refusal of an agent id does not say where it stood.",
        answer: (answer) =>
          answer.status === 404 || answer.status === 400
            ? { ...answer, body: String(answer.body).replace(/"param":"[^"]*"/, '"param":null') }
            : answer,
      },
    ],
    async run(context) {
      const ids = ["..", "../../etc/passwd", "a".repeat(300), "m\u00e4in", "main/../beta"];
      for (const id of ["", "%2e%2e", ...ids]) await expectRefusedAgent(context, `openclaw:${id}`, undefined);
      for (const id of ids) await expectRefusedAgent(context, "openclaw", id);
    },
  },
  {
    id: "ROUTE-17",
    level: "SHOULD",
    requirement:
      "HTTP/1.0, and HTTP/1.1 with `Connection: close`, get the whole body and then the end of the connection.",
    source: "RFC 9112, sections 6.1, 9.3 and 9.6: no chunked coding towards HTTP/1.0.",
    limitMs: 20_000,
    faults: [
      {
        id: "route-close-cuts",
        what: "With `Connection: close` the connection ends before the last bytes are out.",
        answer: (answer, { headers }) =>
          headers.connection === "close" ? { ...answer, body: String(answer.body).slice(0, -20) } : answer,
      },
    ],
    async run(context) {
      for (const version of ["1.0", "1.1"]) {
        const connection = await context.connect();
        try {
          const body = JSON.stringify(ask(context));
          const lines = [
            "Content-Type: application/json",
            `Content-Length: ${Buffer.byteLength(body)}`,
            "Connection: close",
          ];
          const head = toHead(context.subject, "POST", "/chat/completions", lines);
          connection.write(head.replace(" HTTP/1.1\r\n", ` HTTP/${version}\r\n`) + body);
          const what = `a request in HTTP/${version} without keep-alive`;
          const answer = await waitForWhole(connection, what);
          expectEqual(answer.status, 200, `the status of the answer to ${what}`);
          if (version === "1.0") expectThat(!answer.headers.has("transfer-encoding"), "no chunked answer", "one");
          expectWhole(answer.body, what);
        } finally {
          connection.close();
        }
      }
    },
  },
]);

function expectWhole(body: string, what: string): void {
  try {
    const completion: unknown = JSON.parse(body);
    expectThat(toContent(completion) !== undefined, `the whole completion for ${what}`, completion);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`a whole JSON body for ${what}`, show(body));
  }
}

async function expectAgents(context: CaseContext, prefix: string): Promise<void> {
  for (const id of ["main", "beta"])
    expectEqual(await whoAnswers(context, `${prefix}${id}`), id, `the agent of the model ${prefix}${id}`);
}

async function whoAnswers(context: CaseContext, model: string, header?: string): Promise<unknown> {
  const options = header === undefined ? {} : { headers: { [agentHeader]: header } };
  const call = context.sdk.client.chat.completions.create({ ...context.say("@@agent"), model }, options);
  return toContent(await fromSdk(context, call, `the model ${model} with the header ${header ?? "(none)"}`));
}

async function expectRefusedAgent(context: CaseContext, model: string, header: string | undefined): Promise<void> {
  const answer = await context.chat({ ...context.say("@@agent"), model }, { headers: { [agentHeader]: header } });
  const what = `the agent id ${show(header ?? model).slice(0, 40)}`;
  expectOneOf(answer.status, [400, 404], `the status for ${what}`);
  const error = expectEnvelope(answer, what);
  expectEqual(error["param"], header === undefined ? "model" : agentHeader, `error.param for ${what}`);
  expectThat(
    !/ENOENT|EACCES|EISDIR|root:/.test(answer.text),
    `no trace of a file in the answer to ${what}`,
    brief(answer),
  );
}

/** Whether it chooses an agent by this header. */
function withoutAgent({ headers }: ProxiedCall): Pick<ProxiedCall, "headers"> {
  return { headers: { ...headers, "x-openclaw-agent-id": undefined } };
}
