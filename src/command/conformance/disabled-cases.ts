import {
  ask,
  brief,
  type CaseContext,
  connect,
  defineCases,
  expectEqual,
  expectRefusal,
  expectStatus,
  expectThat,
  fromSdk,
  type OwnSubject,
  refusedBySdk,
  sendOwn,
  type Subject,
  unknownPath,
  waitForHead,
} from "@clawgate/conformance";
import { toGateway, withGateway } from "./with-gateway.ts";

const documentation = "OpenClaw's documentation, OpenAI Chat Completions";
const off = { port: 0, http: { endpoints: { chatCompletions: { enabled: false } } } };

export const disabledCases = defineCases([
  {
    id: "DIS-01",
    level: "EXT",
    requirement: "Without a word about it in the configuration the endpoint is off: 404 with an error body.",
    source: `${documentation}: disabled by default.`,
    needs: ["own"],
    run: (context) => withGateway(context, { gateway: { port: 0 } }, (own) => expectDisabled(context, own)),
  },
  {
    id: "DIS-02",
    level: "EXT",
    requirement: "`chatCompletions.enabled: false` switches the endpoint off: 404 with an error body.",
    source: `${documentation}: Disabling the endpoint.`,
    needs: ["own"],
    run: (context) => withGateway(context, { gateway: off }, (own) => expectDisabled(context, own)),
  },
  {
    id: "DIS-03",
    level: "EXT",
    requirement: "`chatCompletions.enabled: true` is all that it takes to switch the endpoint on.",
    source: `${documentation}: Enabling the endpoint.`,
    needs: ["own"],
    run: (context) =>
      withGateway(
        context,
        { gateway: toGateway(), agents: { defaults: { model: "embedded/assistant" } } },
        async (own) => {
          const client = context.sdk.create({ baseURL: own.baseUrl, apiKey: own.apiKey });
          const call = client.chat.completions.create(ask(context), { signal: context.signal });
          const completion = await fromSdk(context, call, "a call to a gateway that only enables the endpoint");
          expectThat(Array.isArray(completion?.choices), "a completion with choices", completion);
        },
      ),
  },
  {
    id: "DIS-04",
    level: "EXT",
    requirement: "Off, the endpoint cannot be told from an unknown path: 401 without a key, the same 404 with one.",
    source: "Gateway profile: a scan must not find out what could be switched on.",
    needs: ["own"],
    run: (context) =>
      withGateway(context, { gateway: off }, async (own) => {
        for (const headers of [{ authorization: undefined }, {}]) {
          const disabled = await sendOwn(context, own, { body: ask(context), headers });
          const unknown = await sendOwn(context, own, { path: unknownPath, body: ask(context), headers });
          const status = "authorization" in headers ? 401 : 404;
          const one = { ...expectRefusal(disabled, [status], "the disabled endpoint") };
          const other = { ...expectRefusal(unknown, [status], "an unknown path") };
          // A message may name the path that was asked for, and nothing else may differ.
          one["message"] = String(one["message"]).replaceAll("/chat/completions", unknownPath);
          expectEqual(one, other, "the error of the disabled endpoint");
          const names = Object.keys(disabled.headers).toSorted();
          expectEqual(names, Object.keys(unknown.headers).toSorted(), "the headers of the disabled endpoint");
        }
      }),
  },
  {
    id: "DIS-05",
    level: "EXT",
    requirement:
      "Off, the endpoint takes nothing else with it: health checks and the WebSocket of the port stay as they are.",
    source: `${documentation}: same port as the gateway (WS and HTTP).`,
    needs: ["own"],
    run: (context) =>
      withGateway(context, { gateway: off }, async (own) => {
        const { origin } = new URL(own.baseUrl);
        for (const path of ["/healthz", "/readyz"])
          expectStatus(await context.send({ path: `${origin}${path}` }), [200], `GET ${path} with the endpoint off`);
        const enabled = await shakeHands(context.subject);
        expectEqual(await shakeHands(own), enabled, "the status of a WebSocket handshake with the endpoint off");
        if (enabled !== 101) context.note(`a WebSocket handshake is answered ${enabled} with the endpoint on, too`);
      }),
  },
  {
    id: "DIS-06",
    level: "EXT",
    requirement: "Off, the endpoint's path is 404 for every method, and so is the model list.",
    source: "Gateway profile: a 405 or a preflight would tell that there is something.",
    needs: ["own"],
    run: (context) =>
      withGateway(context, { gateway: off }, async (own) => {
        for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
          const answer = await sendOwn(context, own, { method });
          expectThat(answer.status === 404, `${method} on the disabled path to be answered 404`, brief(answer));
        }
        expectRefusal(await sendOwn(context, own, { path: "/models" }), [404], "GET /models with the endpoint off");
      }),
  },
]);

/** Says 404 in the SDK's words and on the wire, in both modes. */
async function expectDisabled(context: CaseContext, own: OwnSubject): Promise<void> {
  for (const stream of [false, true]) {
    const answer = await sendOwn(context, own, { body: ask(context, { stream }) });
    expectRefusal(answer, [404], `a call to the disabled endpoint with stream: ${stream}`);
  }
  const client = context.sdk.create({ baseURL: own.baseUrl, apiKey: own.apiKey });
  const call = client.chat.completions.create(ask(context), { signal: context.signal });
  await refusedBySdk(context, call, "NotFoundError", "a call to the disabled endpoint");
}

/** The status of a WebSocket handshake on the root of the port. */
async function shakeHands(subject: Subject): Promise<number> {
  const connection = await connect(subject);
  const { host } = new URL(subject.baseUrl);
  const lines = [`Host: ${host}`, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  try {
    connection.write(`GET / HTTP/1.1\r\n${lines.join("\r\n")}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    return (await waitForHead(connection, "a WebSocket handshake")).status;
  } finally {
    connection.close();
  }
}
