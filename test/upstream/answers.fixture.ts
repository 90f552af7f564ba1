import type { ChatCompletion, ChatCompletionChunk, ErrorBody, Usage } from "../../src/base/contract.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { readEvents } from "../talk.fixture.ts";
import { type RemoteSubject, remoteSubjects } from "./provider-subjects.fixture.ts";
import { startUpstream, type Upstream, type UpstreamAnswer } from "./servers/upstream.fixture.ts";

export interface House {
  readonly gateway: TestGateway;
  readonly upstream: Upstream;
}

export interface HouseOptions {
  readonly api?: RemoteSubject["api"];
  /** Of the provider. */
  readonly provider?: object;
  /** Of the configuration. */
  readonly config?: object;
}

/** A gateway whose agent `main` has one model, behind a scripted upstream of its vendor. */
export async function startHouse(answer: UpstreamAnswer, options: HouseOptions = {}): Promise<House> {
  const { api = "openai-completions", provider = {}, config = {} } = options;
  const subject = remoteSubjects.find((one) => one.api === api);
  if (subject === undefined) throw new Error(`no subject ${api}`);
  const upstream = await startUpstream(subject.vendor, answer);
  const gateway = await startTestGateway({
    config: {
      models: { providers: { vendor: { api, baseUrl: upstream.baseUrl, ...provider } } },
      agents: { defaults: { model: `vendor/${subject.model}` } },
      ...config,
    },
  });
  return { gateway, upstream };
}

/** For a server that streams nothing. */
export const wholeOnly = { compat: { supportsStreaming: false } };

export interface ToldCall {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

/** What a client has of one answer. */
export interface Told {
  readonly status: number;
  readonly text: string;
  readonly calls: readonly ToldCall[];
  readonly finishReason: string | null;
  readonly usage: Usage | undefined;
  readonly code: string | null | undefined;
}

export interface Question {
  readonly stream: boolean;
  readonly said?: string;
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

export const weather = { type: "function", function: { name: "get_weather", parameters: { type: "object" } } };
export const clock = { type: "function", function: { name: "get_time", parameters: { type: "object" } } };

/** Asks as a client that has two tools of its own. */
export async function ask(gateway: Pick<TestGateway, "chat">, question: Question): Promise<Told> {
  const { stream, said = "Hello?", headers, body } = question;
  const messages = [{ role: "user", content: said }];
  const more = { tools: [weather, clock], ...(stream ? { stream_options: { include_usage: true } } : {}) };
  const response = await gateway.chat({ model: "openclaw", stream, messages, ...more, ...body }, headers);
  const text = await response.text();
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const read = isStream ? readStream(readEvents(text)) : readWhole(JSON.parse(text) as ChatCompletion | ErrorBody);
  return { status: response.status, ...read };
}

type Content = Omit<Told, "status">;

function readWhole(body: ChatCompletion | ErrorBody): Content {
  if ("error" in body) return { ...nothing, code: body.error.code };
  const [choice] = body.choices;
  const calls = (choice?.message.tool_calls ?? []).map((call) =>
    call.type === "function"
      ? { id: call.id, name: call.function.name, text: call.function.arguments }
      : { id: call.id, name: call.custom.name, text: call.custom.input },
  );
  const { finish_reason: finishReason = null } = choice ?? {};
  return { ...nothing, text: choice?.message.content ?? "", calls, finishReason, usage: body.usage };
}

const nothing: Content = { text: "", calls: [], finishReason: null, usage: undefined, code: undefined };

function readStream(events: readonly (ChatCompletionChunk | ErrorBody)[]): Content {
  const calls: ToldCall[] = [];
  let told = nothing;
  for (const event of events) {
    if ("error" in event) {
      told = { ...told, code: event.error.code };
      continue;
    }
    const [choice] = event.choices;
    for (const { index, id, function: part } of choice?.delta.tool_calls ?? []) {
      const before = calls[index] ?? { id: id ?? "", name: part?.name ?? "", text: "" };
      calls[index] = { ...before, text: before.text + (part?.arguments ?? "") };
    }
    told = {
      ...told,
      text: told.text + (choice?.delta.content ?? ""),
      finishReason: choice?.finish_reason ?? told.finishReason,
      usage: event.usage ?? told.usage,
    };
  }
  return { ...told, calls };
}
