// Compiled by `npm run types`, and never run: the contract's types against those of the official SDK 7.
import type OpenAI from "openai";
import type { ChatCompletionRequest as SentRequest } from "../../generated/client/types.gen.ts";
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ErrorBody,
  Message,
  Model,
  Usage,
  UserMessage,
  UserPart,
} from "../../src/base/contract.ts";

/** Every `From` is a `To`; where one is not, the compiler says so. */
type Is<From extends To, To> = From;

export type Answers = [
  Is<ChatCompletion, OpenAI.ChatCompletion>,
  Is<ChatCompletionChunk, OpenAI.ChatCompletionChunk>,
  Is<Model, OpenAI.Model>,
  Is<Usage, OpenAI.CompletionUsage>,
  Is<ErrorBody["error"], { message: string; type: string; param: string | null; code: string | null }>,
];

type Params = OpenAI.ChatCompletionCreateParams;
type MessageParam = OpenAI.ChatCompletionMessageParam;

/** In the last two the contract has open objects, and the SDK's interfaces have no index signature. */
type Open = "messages" | "moderation" | "web_search_options";

/**
 * What the SDK lets a program send, the contract lets in; whether it is then refused is the table of fields' matter. Of a
 * whole request that is the client's type: the gateway's own has no nulls that mean absence, since the check takes them
 * out.
 */
export type Requests = [
  Is<Omit<Params, Open>, Omit<SentRequest, Open>>,
  Is<keyof Params, keyof ChatCompletionRequest>,
  Is<Exclude<MessageParam, { role: "user" }>, Message>,
  Is<OpenAI.ChatCompletionUserMessageParam, UserMessage>,
  Is<Exclude<OpenAI.ChatCompletionContentPart, { type: "image_url" }>, UserPart>,
  // An answer goes back into the conversation as it came.
  Is<OpenAI.ChatCompletionMessage, Message>,
  Is<ChatCompletion["choices"][number]["message"], Message>,
  Is<ChatCompletion["choices"][number]["message"], MessageParam>,
];

/** And what the contract lets in, the SDK can send. */
export type Sendable = [
  Is<Message, MessageParam>,
  Is<Omit<ChatCompletionRequest, "stream">, Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, "stream">>,
];
