import { propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, expect, test } from "vitest";
import { misbehave } from "../../src/tool/mcp/tool-servers.fixture.ts";
import { startTestGateway, type TestGateway, testToken } from "../gateway.fixture.ts";
import { hold, say, type Talk } from "../talk.fixture.ts";
import { startUpstream, type Upstream } from "./servers/upstream.fixture.ts";

const exporter = new InMemorySpanExporter();

// As `--import` of an SDK does, before the gateway starts.
beforeAll(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});
afterAll(() => {
  trace.disable();
  propagation.disable();
});

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const secretWord = "hush-hush";

interface Told {
  readonly name: string;
  readonly under: string | undefined;
}

/** The spans of one trace, once that of its request has ended: the outermost first. */
async function readSpans(): Promise<ReadableSpan[]> {
  const find = (): ReadableSpan[] =>
    exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
  await expect.poll(() => find().some(({ kind }) => kind === SpanKind.SERVER), { interval: 5 }).toBe(true);
  const spans = find();
  exporter.reset();
  return spans.toReversed();
}

function toTree(spans: readonly ReadableSpan[]): Told[] {
  const ids = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  return spans.map(({ name, parentSpanContext: above }) => ({ name, under: ids.get(above?.spanId ?? "") }));
}

const route = "POST /v1/chat/completions";
const toText = (spans: readonly ReadableSpan[]): string =>
  JSON.stringify(spans.map(({ attributes, events, name }) => [name, attributes, events]));

interface Setup {
  readonly gateway: TestGateway;
  readonly good: Upstream;
  readonly ask: (said?: string, headers?: object) => Promise<Talk>;
}

/** The first model of the agent always refuses; the second calls a tool, and then says something. */
async function start(telemetry: object = {}): Promise<Setup> {
  const broken = await startUpstream("openai-chat", [{ status: 400 }]);
  const good = await startUpstream("openai-chat", ({ body }) =>
    JSON.stringify(body).includes("tool_call_id")
      ? [{ text: "It is " }, { text: secretWord }]
      : [{ call: { id: "call_1", name: "fixture__say", args: { text: secretWord } } }],
  );
  const provider = (baseUrl: string): object => ({ api: "openai-completions", baseUrl });
  const gateway = await startTestGateway({
    config: {
      gateway: { telemetry },
      models: { providers: { broken: provider(broken.baseUrl), good: provider(good.baseUrl) } },
      mcp: { servers: { fixture: misbehave("plain") } },
      agents: {
        list: [
          {
            id: "main",
            default: true,
            model: { primary: "broken/small", fallbacks: ["good/large"] },
            tools: { fixture: ["*"] },
          },
          { id: "beta", tools: { fixture: ["*"] } },
        ],
      },
    },
  });
  const ask: Setup["ask"] = (said = `Is it ${secretWord}?`, headers = {}) =>
    say(gateway, said, { headers: { traceparent, ...headers }, body: { user: "ada", temperature: 0.5 } });
  return { gateway, good, ask };
}

test("a run is a trace: the client's span, the request, the agent, and each call, of which the server learns", async () => {
  const { gateway, good, ask } = await start();
  expect(await ask()).toMatchObject({ status: 200, text: `It is ${secretWord}` });
  const spans = await readSpans();
  const inAgent = (name: string): Told => ({ name, under: "invoke_agent main" });
  expect(toTree(spans)).toEqual([
    { name: route, under: undefined },
    { name: "invoke_agent main", under: route },
    inAgent("chat large"),
    inAgent("chat small"),
    inAgent("execute_tool say"),
    inAgent("chat large"),
    inAgent("chat small"),
  ]);
  const [request, agent, chat, failed, tool] = spans;
  expect(request).toMatchObject({
    kind: SpanKind.SERVER,
    parentSpanContext: { spanId: "b7ad6b7169203331", isRemote: true },
    attributes: {
      "http.request.method": "POST",
      "http.route": "/v1/chat/completions",
      "http.response.status_code": 200,
    },
  });
  expect(agent).toMatchObject({
    kind: SpanKind.INTERNAL,
    attributes: {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": "main",
      "gen_ai.response.model": "good/large",
      "gen_ai.conversation.id": expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      "gen_ai.usage.input_tokens": 22,
      "gen_ai.usage.output_tokens": 14,
      "clawgate.run.id": expect.stringMatching(/^run_/) as string,
    },
  });
  const { hostname, port } = new URL(good.baseUrl);
  expect(chat).toMatchObject({
    kind: SpanKind.CLIENT,
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "large",
      "gen_ai.request.temperature": 0.5,
      "gen_ai.response.finish_reasons": ["stop"],
      "gen_ai.usage.input_tokens": 11,
      "server.address": hostname,
      "server.port": Number(port),
    },
  });
  expect(failed).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { "error.type": "upstream_rejected" },
  });
  expect(tool).toMatchObject({
    attributes: {
      "gen_ai.tool.name": "say",
      "clawgate.tool.server": "fixture",
      "gen_ai.operation.name": "execute_tool",
    },
  });
  expect(good.requests.at(-1)?.headers["traceparent"]).toBe(`00-${traceId}-${chat?.spanContext().spanId}-01`);
  expect(toText(spans)).not.toMatch(new RegExp(`${secretWord}|ada|${testToken}`));
  await gateway.stop();
});

test("a tool server learns of the span of its call", async () => {
  const { ask } = await start();
  const beta = { "x-openclaw-agent-id": "beta" };
  const { text } = await ask("@@tool fixture__meta {}\n@@then {result}", beta);
  const tool = (await readSpans()).find(({ name }) => name === "execute_tool meta");
  expect(JSON.parse(text)).toMatchObject({ traceparent: `00-${traceId}-${tool?.spanContext().spanId}-01` });
});

test("words are in spans only if that is switched on", async () => {
  const { ask } = await start({ content: true });
  await ask();
  const [, , chat, , tool] = await readSpans();
  expect(chat?.attributes["gen_ai.input.messages"]).toContain(`Is it ${secretWord}?`);
  expect(chat?.attributes["gen_ai.output.messages"]).toBe(`It is ${secretWord}`);
  expect(tool?.attributes).toMatchObject({
    "gen_ai.tool.call.arguments": JSON.stringify({ text: secretWord }),
    "gen_ai.tool.call.result": secretWord,
  });
});

test("what fails says so with a code, and who leaves is told apart", async () => {
  const { gateway, ask } = await start();
  await ask("@@fail", { "x-openclaw-agent-id": "beta" });
  const failed = await readSpans();
  expect(failed.map(({ name, status, attributes }) => [name, status.code, attributes["error.type"]])).toEqual([
    [route, SpanStatusCode.ERROR, "upstream_error"],
    ["invoke_agent beta", SpanStatusCode.ERROR, "upstream_error"],
    ["chat assistant", SpanStatusCode.ERROR, "upstream_error"],
  ]);
  const left = await hold(gateway, { headers: { traceparent, "x-openclaw-agent-id": "beta" } });
  await left.leave();
  const cut = await readSpans();
  expect(cut.map(({ name, attributes }) => [name, attributes["error.type"]])).toEqual(
    expect.arrayContaining([[route, "cancelled"]]),
  );
  await gateway.request("/v1/sessions/agent:main:openai-user:ada?x=1", { headers: { traceparent } });
  const [unknown] = await readSpans();
  expect(unknown).toMatchObject({ name: "GET", status: { code: SpanStatusCode.UNSET } });
});

test("there are no spans if that is switched off, and none of probes", async () => {
  const { gateway, good, ask } = await start({ traces: false });
  await ask();
  await gateway.reload({});
  await gateway.request("/healthz", { headers: { traceparent } });
  expect(exporter.getFinishedSpans()).toEqual([]);
  expect(good.requests[0]?.headers["traceparent"]).toBeUndefined();
  await say(gateway, "hi", { headers: { traceparent } });
  expect(await readSpans()).toHaveLength(3);
});
