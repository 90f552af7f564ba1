import type { Subject } from "../reach/subject.ts";
import type { Use } from "./use.ts";

// Clients that the suite does not bring along: they are looked for where it is installed, by names that no compiler knows,
// and only as much of them is described here as is used.

interface Chunk {
  readonly content: unknown;
  readonly tool_calls?: readonly { readonly name: string; readonly args: unknown }[];
  readonly usage_metadata?: { readonly total_tokens: number };
  readonly response_metadata?: { readonly finish_reason?: string };
  concat(other: Chunk): Chunk;
}
interface LangChainModel {
  invoke(messages: unknown): Promise<Chunk>;
  stream(messages: unknown): Promise<AsyncIterable<Chunk>>;
  bindTools(tools: readonly object[]): LangChainModel;
}
interface LangChain {
  readonly ChatOpenAI: new (fields: object) => LangChainModel;
}

interface AiResult {
  readonly text: string;
  readonly finishReason: string;
  readonly usage: { readonly inputTokens?: number; readonly outputTokens?: number };
  readonly toolCalls: readonly { readonly toolName: string; readonly input: unknown }[];
}
interface Ai {
  generateText(options: object): Promise<AiResult>;
  streamText(options: object): { readonly [Key in keyof AiResult]: PromiseLike<AiResult[Key]> };
  tool(definition: object): object;
  jsonSchema(schema: object): object;
}
interface AiProvider {
  createOpenAICompatible(options: object): (model: string) => object;
}

const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const weather = { name: "get_weather", description: "The weather in a city.", parameters: schema };
const oslo = '@@tool get_weather {"city":"Oslo"}';
const conversation = [
  { role: "system", content: "Be brief." },
  { role: "user", content: [{ type: "text", text: "@@echo ok" }] },
];

/** LangChain's model of OpenAI. */
export function toLangChainUses({ ChatOpenAI }: LangChain): Use[] {
  const toModel = ({ baseUrl, apiKey, model }: Subject): LangChainModel =>
    new ChatOpenAI({ model, apiKey, maxRetries: 0, timeout: 4000, configuration: { baseURL: baseUrl } });
  const show = ({
    content,
    tool_calls: calls = [],
    usage_metadata: usage,
    response_metadata: metadata,
  }: Chunk): unknown => ({
    content,
    calls: calls.map(({ name, args }) => [name, args]),
    usage: usage?.total_tokens,
    finish: metadata?.finish_reason,
  });
  const gather = async (model: LangChainModel, text: unknown): Promise<unknown> => {
    const chunks = await Array.fromAsync(await model.stream(text));
    return show(chunks.reduce((sum, chunk) => sum.concat(chunk)));
  };
  const bound = (subject: Subject): LangChainModel =>
    toModel(subject).bindTools([{ type: "function", function: weather }]);
  return [
    { name: "invoke", run: async (subject) => show(await toModel(subject).invoke("@@words 5")) },
    { name: "stream", run: (subject) => gather(toModel(subject), "@@words 5") },
    { name: "invoke with a tool", run: async (subject) => show(await bound(subject).invoke(oslo)) },
    { name: "stream with a tool", run: (subject) => gather(bound(subject), oslo) },
    { name: "a conversation in parts", run: async (subject) => show(await toModel(subject).invoke(conversation)) },
  ];
}

/** The AI SDK with its provider for compatible servers. */
export function toAiUses(ai: Ai, provider: AiProvider): Use[] {
  const toOptions = ({ baseUrl, apiKey, model }: Subject, prompt: string): object => ({
    model: provider.createOpenAICompatible({ name: "subject", baseURL: baseUrl, apiKey, includeUsage: true })(model),
    prompt,
    maxRetries: 0,
  });
  const tools = { get_weather: ai.tool({ description: weather.description, inputSchema: ai.jsonSchema(schema) }) };
  const show = ({ text, finishReason, usage, toolCalls }: AiResult): unknown => ({
    text,
    finishReason,
    usage: [usage.inputTokens, usage.outputTokens],
    calls: toolCalls.map(({ toolName, input }) => [toolName, input]),
  });
  const stream = async (options: object): Promise<unknown> => {
    let failure: unknown;
    const result = ai.streamText({ ...options, onError: ({ error }: { error: unknown }) => void (failure = error) });
    const [text, finishReason, usage, toolCalls] = await Promise.all([
      result.text,
      result.finishReason,
      result.usage,
      result.toolCalls,
    ]).catch((error: unknown) => {
      throw failure ?? error;
    });
    if (failure !== undefined) throw failure;
    return show({ text, finishReason, usage, toolCalls });
  };
  return [
    { name: "generateText", run: async (subject) => show(await ai.generateText(toOptions(subject, "@@words 5"))) },
    { name: "streamText", run: (subject) => stream(toOptions(subject, "@@words 5")) },
    {
      name: "generateText with a tool",
      run: async (subject) => show(await ai.generateText({ ...toOptions(subject, oslo), tools })),
    },
    { name: "streamText with a tool", run: (subject) => stream({ ...toOptions(subject, oslo), tools }) },
  ];
}

/** Clients that read names only when they are asked for; undefined where one is not installed. */
export async function loadOptional<T>(name: string): Promise<T | undefined> {
  try {
    return (await import(name)) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
