import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { parseConfig } from "../base/config/load.ts";
import { detectModel, type DetectOptions, listLocalModels } from "./detect.ts";

const none = async (): Promise<undefined> => undefined;
const house = { api: "openai-completions", baseUrl: "http://127.0.0.1:1/v1" };

function detect(options: Partial<DetectOptions>, providers: object = {}) {
  const configured = parseConfig({ models: { providers } }).models.providers;
  return detectModel(configured, { environment: {}, listModels: none, ...options });
}

/** Local servers by their port, each with its models. */
const serve =
  (servers: Readonly<Record<string, readonly string[]>>): NonNullable<DetectOptions["listModels"]> =>
  async (baseUrl) =>
    servers[new URL(baseUrl).port];

const key = "a-key";
const variables: readonly [variable: string, model: string, api: string, baseUrl: string | undefined][] = [
  ["OPENAI_API_KEY", "openai/gpt-5-mini", "openai-completions", "https://api.openai.com/v1"],
  ["ANTHROPIC_API_KEY", "anthropic/claude-haiku-4-5", "anthropic-messages", undefined],
  ["OPENROUTER_API_KEY", "openrouter/openrouter/auto", "openai-completions", "https://openrouter.ai/api/v1"],
  ["GEMINI_API_KEY", "google/gemini-flash-latest", "google-generative-ai", undefined],
  ["GROQ_API_KEY", "groq/openai/gpt-oss-20b", "openai-completions", "https://api.groq.com/openai/v1"],
  ["MISTRAL_API_KEY", "mistral/mistral-small-latest", "openai-completions", "https://api.mistral.ai/v1"],
  ["DEEPSEEK_API_KEY", "deepseek/deepseek-chat", "openai-completions", "https://api.deepseek.com/v1"],
];

describe("a key in the environment", () => {
  test.each(variables)("%s chooses %s", async (variable, model, api, baseUrl) => {
    const found = await detect({ environment: { [variable]: key } });
    expect(found).toMatchObject({ model, why: `${variable} is in the environment` });
    const [[name, config] = []] = Object.entries(found.providers);
    expect(name).toBe(model.slice(0, model.indexOf("/")));
    expect(config).toMatchObject({ api, apiKey: key, ...(baseUrl === undefined ? {} : { baseUrl }) });
    // What was found is what a configuration could have said.
    expect(parseConfig({ models: { providers: found.providers } }).models.providers).toEqual(found.providers);
    expect(found.why).not.toContain(key);
  });

  test("comes before those that follow it here", async () => {
    for (const [index, [, model]] of variables.entries()) {
      const environment = Object.fromEntries(variables.slice(index).map(([variable]) => [variable, key]));
      expect((await detect({ environment })).model).toBe(model);
    }
  });

  test("is passed over where its vendor's package is not installed, and that is said", async () => {
    const environment = { ANTHROPIC_API_KEY: key, GROQ_API_KEY: key };
    const isInstalled = (name: string): boolean => name !== "@ai-sdk/anthropic";
    const { model, why } = await detect({ environment, isInstalled });
    expect(model).toBe("groq/openai/gpt-oss-20b");
    expect(why).toContain("ANTHROPIC_API_KEY is passed over, since @ai-sdk/anthropic is not installed");
    const alone = await detect({ environment: { ANTHROPIC_API_KEY: key }, isInstalled });
    expect(alone).toMatchObject({ model: "embedded/assistant", why: expect.stringContaining("passed over") as string });
  });

  test("that is empty is none", async () => {
    const environment = { OPENAI_API_KEY: "", GROQ_API_KEY: key };
    expect((await detect({ environment })).model).toBe("groq/openai/gpt-oss-20b");
  });

  test("asks nobody", async () => {
    const listModels = vi.fn<typeof none>(none);
    await detect({ environment: { OPENAI_API_KEY: key }, listModels });
    expect(listModels).not.toHaveBeenCalled();
  });

  test("leaves a configured provider of the name as it is", async () => {
    const found = await detect({ environment: { OPENAI_API_KEY: key } }, { openai: house });
    expect(found).toMatchObject({ model: "openai/gpt-5-mini", providers: {} });
  });

  test("takes the first model that a configured provider of the name has", async () => {
    const own = { ...house, models: [{ id: "small" }, { id: "big" }] };
    const found = await detect({ environment: { OPENAI_API_KEY: key } }, { openai: own });
    expect(found).toMatchObject({ model: "openai/small", providers: {} });
  });
});

describe("a model server on this machine", () => {
  const servers: readonly [port: string, name: string, title: string][] = [
    ["11434", "ollama", "Ollama"],
    ["1234", "lmstudio", "LM Studio"],
    ["8080", "llamacpp", "llama.cpp"],
    ["8000", "vllm", "vLLM"],
  ];
  test.each(servers)("at port %s is %s", async (port, name, title) => {
    const found = await detect({ listModels: serve({ [port]: ["qwen3:8b", "other"] }) });
    const baseUrl = `http://127.0.0.1:${port}/v1`;
    expect(found).toMatchObject({ model: `${name}/qwen3:8b`, why: `${title} answers at ${baseUrl}` });
    expect(found.providers[name]).toMatchObject({ api: "openai-completions", baseUrl });
    expect(parseConfig({ models: { providers: found.providers } }).models.providers).toEqual(found.providers);
  });

  test("comes before those that follow it here, and after every key", async () => {
    const all = Object.fromEntries(servers.map(([port]) => [port, ["small"]]));
    for (const [index, [, name]] of servers.entries()) {
      const left = Object.fromEntries(
        Object.entries(all).filter(([port]) => servers.findIndex(([one]) => one === port) >= index),
      );
      expect((await detect({ listModels: serve(left) })).model).toBe(`${name}/small`);
    }
    const environment = { DEEPSEEK_API_KEY: key };
    expect((await detect({ environment, listModels: serve(all) })).model).toBe("deepseek/deepseek-chat");
  });

  const lists: readonly [models: readonly string[], want: string][] = [
    [["nomic-embed-text", "llama3"], "ollama/llama3"],
    [["text-Embedding-3", "all-minilm:l6", "bge-m3", "bge-reranker-v2", "mixtral"], "ollama/mixtral"],
    [["nomic-embed-text"], "vllm/second"],
    [[], "vllm/second"],
  ];
  test.each(lists)("with %j answers with the first model that can", async (models, want) => {
    expect((await detect({ listModels: serve({ "11434": models, "8000": ["second"] }) })).model).toBe(want);
  });

  test("leaves a configured provider of the name as it is", async () => {
    const found = await detect({ listModels: serve({ "11434": ["llama3"] }) }, { ollama: house });
    expect(found).toMatchObject({ model: "ollama/llama3", providers: {} });
  });
});

test("where nothing is found the embedded assistant answers", async () => {
  expect(await detect({})).toEqual({
    model: "embedded/assistant",
    why: "no model is configured and none was found",
    warnings: [],
    providers: {},
  });
});

describe("whoever is asked for its models", () => {
  async function ask(listener: RequestListener): Promise<readonly string[] | undefined> {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return listLocalModels(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  }
  const say =
    (body: string, status = 200, headers: Record<string, string> = {}): RequestListener =>
    (_, response) =>
      response.writeHead(status, headers).end(body);

  test("is asked at /models", async () => {
    const ids = await ask(({ url, method }, response) =>
      response.end(
        JSON.stringify({ data: url === "/v1/models" && method === "GET" ? [{ id: "a" }, { id: "b" }] : [] }),
      ),
    );
    expect(ids).toEqual(["a", "b"]);
  });

  const rows: readonly [what: string, listener: RequestListener, want: readonly string[] | undefined][] = [
    ["a page", say("<!doctype html><title>hi</title>", 200, { "content-type": "text/html" }), undefined],
    ["garbage", say("\u0000\u0001{"), undefined],
    ["nothing", say(""), undefined],
    ["null", say("null"), []],
    ["another shape", say('{"data":{"id":"a"}}'), []],
    ["a list of anything", say('{"data":[null,7,{"id":7},{"id":""},{"id":"a"}]}'), ["a"]],
    ["a refusal", say('{"data":[{"id":"a"}]}', 401), undefined],
    ["a redirect", say("", 302, { location: "http://127.0.0.1:1/" }), undefined],
    ["more than anybody has", say("", 200, { "content-length": "2000000" }), undefined],
    ["the end of the connection", (_, response) => void response.destroy(), undefined],
    ["silence", () => undefined, undefined],
    ["half an answer", (_, response) => void response.write('{"data":['), undefined],
  ];
  test.each(rows)("and answers with %s is taken for what it is, in time", async (_, listener, want) => {
    const began = performance.now();
    expect(await ask(listener)).toEqual(want);
    // The silent ones are silent for ever.
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  test("and is not there has none", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    expect(await listLocalModels(`http://127.0.0.1:${port}/v1`)).toBeUndefined();
  });
});
