import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { startUpstream, type Upstream, type UpstreamAnswer, type UpstreamVendor } from "./servers/upstream.fixture.ts";

interface Vendor {
  /** The agent's id too. */
  readonly name: string;
  readonly api: string;
  readonly vendor: UpstreamVendor;
  readonly model: string;
}

/** Every vendor that has rules of its own, by a model whose name says so. */
export const strictVendors: readonly Vendor[] = [
  { name: "openai", api: "openai-completions", vendor: "openai-chat", model: "gpt-4.1" },
  { name: "mistral", api: "openai-completions", vendor: "mistral", model: "mistral-large-latest" },
  { name: "responses", api: "openai-responses", vendor: "openai-responses", model: "gpt-5" },
  { name: "claude", api: "anthropic-messages", vendor: "anthropic", model: "claude-sonnet-4-5" },
  { name: "claude-later", api: "anthropic-messages", vendor: "anthropic", model: "claude-opus-4-8" },
  { name: "gemini", api: "google-generative-ai", vendor: "google", model: "gemini-2.5-flash" },
];

export interface Vendors {
  readonly gateway: TestGateway;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Of the last call of this vendor's model. */
  readonly sent: (vendor: string) => Readonly<Record<string, unknown>>;
}

/** One gateway with an agent for each vendor. */
export async function startVendors(answer: UpstreamAnswer = [{ text: "ok" }]): Promise<Vendors> {
  const upstreams = new Map<string, Upstream>();
  for (const { name, vendor } of strictVendors) upstreams.set(name, await startUpstream(vendor, answer));
  const providers = strictVendors.map(({ name, api }) => [name, { api, baseUrl: upstreams.get(name)?.baseUrl }]);
  const list = strictVendors.map(({ name, model }, index) => ({
    id: name,
    model: `${name}/${model}`,
    default: index === 0,
  }));
  const gateway = await startTestGateway({
    config: { models: { providers: Object.fromEntries(providers) as object }, agents: { list } },
  });
  return { gateway, upstreams, sent: (vendor) => upstreams.get(vendor)?.requests.at(-1)?.body ?? {} };
}
