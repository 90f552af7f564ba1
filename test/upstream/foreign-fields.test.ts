import { expect, test } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { remoteSubjects, upstreamKey } from "./provider-subjects.fixture.ts";
import { startUpstream } from "./servers/upstream.fixture.ts";

// Fields by which programs between a client and its model are told where to go and with what. A gateway that heard them
// would lend its key to whoever asks.

test.each(remoteSubjects)(
  "$api is called where and as it is configured, whatever the body says of it",
  async (subject) => {
    const { api, vendor, model } = subject;
    const upstream = await startUpstream(vendor, [{ text: "ok" }]);
    const elsewhere = await startUpstream(vendor, [{ text: "from elsewhere" }]);
    const gateway = await startTestGateway({
      config: {
        models: { providers: { lab: { api, baseUrl: upstream.baseUrl, apiKey: upstreamKey } } },
        agents: { defaults: { model: `lab/${model}` } },
      },
    });
    const plain = { model: "openclaw", messages: [{ role: "user", content: "hi" }] };
    const place = { api_base: elsewhere.baseUrl, base_url: elsewhere.baseUrl, baseURL: elsewhere.baseUrl };
    const secret = { api_key: "sk-of-the-client", apiKey: "sk-of-the-client", organization: "other" };
    const more = { extra_headers: { "x-canary": "1" }, extra_body: { canary: 1 }, extra_query: { canary: "1" } };
    for (const fields of [{}, { ...place, ...secret, ...more, headers: { "x-canary": "1" }, provider: "other" }]) {
      const response = await gateway.chat({ ...plain, ...fields });
      expect({ status: response.status, text: await response.text() }).toMatchObject({
        status: 200,
        text: expect.stringContaining('"content":"ok"') as string,
      });
    }
    const [usual, told] = upstream.requests.map(({ method, path, headers, body }) => {
      // Each request has one of its own.
      const { "x-request-id": _, traceparent: __, ...others } = headers;
      return { method, path, headers: others, body };
    });
    expect(told).toEqual(usual);
    expect(elsewhere.requests).toEqual([]);
  },
);
