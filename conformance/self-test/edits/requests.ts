import { type Change, type ProxiedAnswer, type ProxiedCall } from "../mutant.ts";
import { isObject } from "../../expect.ts";

export type Body = Record<string, unknown>;

export function isChat({ path, method }: ProxiedCall): boolean {
  return method === "POST" && /\/chat\/completions($|\?)/.test(path);
}

/** Changes the JSON object of a chat call, or answers in the server's place. */
export function editBody(edit: (body: Body, call: ProxiedCall) => Body | ProxiedAnswer | undefined): OnCall {
  return (call) => {
    if (call.body === undefined || !isChat(call)) return undefined;
    const edited = edit(call.body, call);
    if (edited === undefined || isAnswer(edited)) return edited;
    const text = JSON.stringify(edited);
    // What is not changed keeps its bytes, odd ones and duplicate keys included.
    return text === JSON.stringify(call.body) ? undefined : { bytes: Buffer.from(text) };
  };
}

/** Changes the messages of a chat call that are objects; `undefined` drops one. */
export function editMessages(edit: (message: Body, index: number, count: number) => Body | undefined): OnCall {
  return editBody(({ messages, ...rest }) => {
    if (!Array.isArray(messages)) return undefined;
    const edited = messages.flatMap((one: unknown, index) =>
      isObject(one) ? (edit(one, index, messages.length) ?? []) : [one],
    );
    return { ...rest, messages: edited };
  });
}

/** The messages of a body that are objects. */
export function toMessages({ messages }: Body): Body[] {
  return Array.isArray(messages) ? messages.filter(isObject) : [];
}

/** The tools of a body that are objects. */
export function toTools({ tools: given }: Body): Body[] {
  return Array.isArray(given) ? given.filter(isObject) : [];
}

/** What its tools say of functions. */
export function toFunctions(body: Body): Body[] {
  return toTools(body)
    .map((tool) => tool["function"])
    .filter(isObject);
}

export function toJson(status: number, body: unknown): ProxiedAnswer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

export function refuse(
  status: number,
  fields: { readonly message?: string; readonly param?: string } = {},
): ProxiedAnswer {
  const error = {
    message: "The request is not valid.",
    type: "invalid_request_error",
    param: null,
    code: null,
    ...fields,
  };
  return toJson(status, { error });
}

/** What a server says whose handler has thrown. */
export const crash = refuse(500, { message: "Internal Server Error" });

/** An answer of a server that has not looked at the question. */
export function complete(content: string): ProxiedAnswer {
  const message = { role: "assistant", content, refusal: null };
  return toJson(200, {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_750_000_000,
    model: "openclaw",
    choices: [{ index: 0, finish_reason: "stop", logprobs: null, message }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });
}

/** Changes the `error` of an answer that has one. */
export function editError(edit: (error: Body, answer: ProxiedAnswer, call: ProxiedCall) => unknown): OnAnswer {
  return (answer, call) => {
    const json = answer.status >= 400 ? parse(String(answer.body)) : undefined;
    const error = isObject(json) ? json["error"] : undefined;
    return isObject(error) ? { ...answer, body: JSON.stringify({ error: edit(error, answer, call) }) } : answer;
  };
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type OnCall = NonNullable<Change["call"]>;

export function isAnswer(edited: Body | ProxiedAnswer): edited is ProxiedAnswer {
  return "status" in edited && "headers" in edited;
}

export type OnAnswer = NonNullable<Change["answer"]>;

/** A call that asks for an answer by a schema. */
export function isSchema({ body }: ProxiedCall): boolean {
  return JSON.stringify(body?.["response_format"] ?? "").includes("json_schema");
}
