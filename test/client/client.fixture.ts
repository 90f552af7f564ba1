import { startTestGateway, type TestGateway, testToken } from "../gateway.fixture.ts";
import { startUpstream, type UpstreamRequest } from "../upstream/servers/upstream.fixture.ts";
import { answerAsModel, toHeard } from "./model.fixture.ts";

export interface ClientTest {
  readonly gateway: TestGateway;
  /** What a client is configured with; its `fetch` holds every answer against the contract. */
  readonly baseURL: string;
  readonly apiKey: string;
  readonly fetch: typeof fetch;
  /** The bodies that the client sent. */
  readonly sent: Record<string, unknown>[];
  /** The calls that reached the model server. */
  readonly requests: readonly UpstreamRequest[];
  /** What each call told the model, in the order of the calls. */
  readonly heard: () => string[][];
}

/** A gateway in front of a model server of OpenAI's kind, which answers as `answerAsModel` says. */
export async function startClientTest(): Promise<ClientTest> {
  const { requests, baseUrl } = await startUpstream("openai-chat", answerAsModel);
  const gateway = await startTestGateway({
    config: {
      agents: { defaults: { model: "lab/gpt-lab" } },
      models: { providers: { lab: { api: "openai-completions", baseUrl, apiKey: "sk-lab" } } },
    },
  });
  const sent: Record<string, unknown>[] = [];
  return {
    gateway,
    baseURL: gateway.baseUrl,
    apiKey: testToken,
    fetch: (input, init) => {
      if (typeof init?.body === "string") sent.push(JSON.parse(init.body) as Record<string, unknown>);
      return gateway.fetch(input, init);
    },
    sent,
    requests,
    heard: () => requests.map(toHeard),
  };
}

/** A function as a client calls it, which keeps what it was called with. */
export function createWeather() {
  const calls: unknown[] = [];
  return {
    calls,
    run: (given: unknown): string => {
      calls.push(given);
      return "7 degrees";
    },
  };
}
