import { expect } from "vitest";
import type {
  AssistantMessage,
  ChatCompletion,
  ChatCompletionChunk,
  ErrorBody,
  Message,
} from "../src/base/contract.ts";
import type { TestGateway } from "./gateway.fixture.ts";

/** One answer, whole or streamed, with what the tests look at. */
export interface Talk {
  readonly status: number;
  readonly headers: Headers;
  readonly agentId: string | null;
  readonly sessionKey: string | null;
  /** The text of the answer, or what came of it before the failure. */
  readonly text: string;
  readonly finishReason: string | null;
  /** What a client would send back as history. */
  readonly message: AssistantMessage;
  readonly error: ErrorBody["error"] | undefined;
}

export interface Ask {
  /** Fields of the request, over those that `say` sends by itself. */
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

type Chat = Pick<TestGateway, "chat">;

/** Sends one user message, or these messages, and reads the whole answer. */
export async function say({ chat }: Chat, said: string | readonly object[], ask: Ask = {}): Promise<Talk> {
  const messages = typeof said === "string" ? [{ role: "user", content: said }] : said;
  return readTalk(await chat({ model: "openclaw", messages, ...ask.body }, ask.headers));
}

/** What the model of this session sees, the question itself included, as `role: text`. */
export async function seen(gateway: Chat, ask: Ask = {}): Promise<string[]> {
  const { text, error } = await say(gateway, "@@messages", ask);
  expect(error).toBeUndefined();
  return (JSON.parse(text) as Message[]).map(toLine);
}

export function toLine({ role, content }: Message): string {
  return `${role}: ${typeof content === "string" ? content : JSON.stringify(content ?? null)}`;
}

export async function readTalk(response: Response): Promise<Talk> {
  const { status, headers } = response;
  const text = await response.text();
  const streamed = headers.get("content-type")?.startsWith("text/event-stream") === true;
  return {
    status,
    headers,
    agentId: headers.get("x-openclaw-agent-id"),
    sessionKey: headers.get("x-openclaw-session-key"),
    ...(streamed ? fromEvents(readEvents(text)) : fromBody(JSON.parse(text) as ChatCompletion | ErrorBody)),
  };
}

export type Event = ChatCompletionChunk | ErrorBody;

/** The events of a stream's text, without `[DONE]`. */
export function readEvents(text: string): Event[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: ") && line !== "data: [DONE]")
    .map((line) => JSON.parse(line.slice("data: ".length)) as Event);
}

type Content = Pick<Talk, "text" | "finishReason" | "message" | "error">;

function fromBody(body: ChatCompletion | ErrorBody): Content {
  if ("error" in body) {
    return { text: "", finishReason: null, message: { role: "assistant", content: "" }, error: body.error };
  }
  const [choice] = body.choices;
  const text = choice?.message.content ?? "";
  const message: AssistantMessage = choice?.message ?? { role: "assistant", content: "" };
  return { text, finishReason: choice?.finish_reason ?? null, message, error: undefined };
}

function fromEvents(events: readonly Event[]): Content {
  const chunks = events.filter((event): event is ChatCompletionChunk => !("error" in event));
  const text = chunks.map(({ choices: [choice] }) => choice?.delta.content ?? "").join("");
  const finishReason = chunks.map(({ choices: [choice] }) => choice?.finish_reason ?? null).find(Boolean) ?? null;
  const failure = events.find((event): event is ErrorBody => "error" in event);
  return { text, finishReason, message: { role: "assistant", content: text }, error: failure?.error };
}

/** How many runs are under way, those that wait for their session included. */
export async function liveRuns({ gateway }: Pick<TestGateway, "gateway">): Promise<number> {
  const lines = (await gateway.metrics.toText()).matchAll(/^clawgate_runs_live\{[^}]*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

export async function untilLive(gateway: Pick<TestGateway, "gateway">, count: number): Promise<void> {
  await expect.poll(() => liveRuns(gateway), { interval: 5, timeout: 5_000 }).toBe(count);
}

export interface Held {
  readonly leave: () => Promise<void>;
}

/** A stream that has given its first words and then says nothing until it is left. */
export async function hold(gateway: Chat, ask: Ask = {}): Promise<Held> {
  const messages = [{ role: "user", content: "@@echo holding\n@@hang" }];
  const response = await gateway.chat({ model: "openclaw", stream: true, messages, ...ask.body }, ask.headers);
  expect(response.status).toBe(200);
  const reader = response.body?.getReader();
  let text = "";
  while (!text.includes("holding")) {
    const piece = await reader?.read();
    if (piece === undefined || piece.done) throw new Error(`The stream ended: ${text}`);
    text += new TextDecoder().decode(piece.value);
  }
  return { leave: async () => reader?.cancel() };
}
