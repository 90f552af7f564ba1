import { type AnswerHead, mayShowState, showsState, toFinishReason, toLogprobs } from "./head.ts";
import type { ChatCompletionChunk, ChunkDelta, FinishReason, RunFacts, TokenLogprob } from "../../base/contract.ts";
import { type ExtraContent, type OwnedMessage, toToldState } from "../../base/model-state.ts";
import type { RunAnswer, RunEvent } from "../../run/run-event.ts";

/**
 * How long a stream that the model has accepted may stay undecided. Most failures of a model come at once and shall be
 * a real status; but a client and the proxies before it want to see headers while a model thinks.
 */
const graceMs = 150;

/** Who answers, and whether that is said for a second time. */
export type Begun = Pick<RunAnswer, "model" | "replayed">;

/** For the log: who has answered, and what it took. */
export function toFacts({ model, usage }: RunAnswer): RunFacts {
  return { model, tokens: usage.total_tokens };
}

/** Hears the beginning of a run until its HTTP status is certain, keeps it, and hands the run on from there. */
export class Opening {
  readonly #decided = Promise.withResolvers<Begun>();
  #begun: Begun = { model: "" };
  #held: RunEvent[] = [];
  #pass: ((event: RunEvent) => void) | undefined;
  #grace: NodeJS.Timeout | undefined;

  readonly emit = (event: RunEvent): void => {
    if (this.#pass !== undefined) return this.#pass(event);
    this.#held.push(event);
    if (event.type === "run-start") return;
    if (event.type !== "model-start") return this.#decide();
    if (this.#begun.model !== "") return;
    this.#begun = event;
    this.#grace = setTimeout(this.#decide, graceMs);
  };

  /**
   * Resolves to who answers, at the first thing that the run says, or a little while after a model has accepted the call.
   * Rejects with the run's error if that comes first.
   */
  decided(run: Promise<RunAnswer>): Promise<Begun> {
    run.then(
      (answer) => this.#decided.resolve(answer),
      (cause: unknown) => {
        this.#decided.reject(cause);
      },
    );
    // No timer outlives the wait: most models speak long before it is over, and there is one for each stream.
    return this.#decided.promise.finally(() => {
      clearTimeout(this.#grace);
      this.#grace = undefined;
    });
  }

  /** What was kept is passed on at once, and everything that comes from now on as it comes. */
  passTo(listener: (event: RunEvent) => void): void {
    this.#pass = listener;
    const held = this.#held;
    this.#held = [];
    for (const event of held) listener(event);
  }

  readonly #decide = (): void => this.#decided.resolve(this.#begun);
}

/** The chunks of one stream: first `begin`, then a chunk for what each event says, at last `end`. */
export class Chunks {
  readonly #head: AnswerHead;
  readonly #emit: (chunk: ChatCompletionChunk) => void;
  /** Said at the start of their calls: some clients read them nowhere else. */
  #extras: Map<number, ExtraContent> | undefined;

  constructor(head: AnswerHead, emit: (chunk: ChatCompletionChunk) => void) {
    this.#head = head;
    this.#emit = emit;
  }

  begin(): void {
    this.#emit(toChunk(this.#head, { role: "assistant", content: "" }));
  }

  #startCall(event: CallStart): ChunkDelta {
    const { index, extra } = event;
    if (extra === undefined || !mayShowState(this.#head)) return toCallStart(event, this.#head);
    (this.#extras ??= new Map()).set(index, extra);
    return toCallStart(event, this.#head, { extra_content: extra });
  }

  /** What of the state has not been said by then. Each of its fields comes whole: not every client puts pieces together. */
  #endState(message: OwnedMessage): void {
    const head = this.#head;
    const { reasoning_content: thought, ...others } = toToldState(message);
    // An empty text is never a delta.
    const isUnsaid = thought === "" || (thought !== undefined && !head.include.has("reasoning"));
    const delta = { ...(isUnsaid ? { reasoning_content: thought } : {}), ...others };
    if (Object.keys(delta).length > 0) this.#emit(toChunk(head, delta));
    if (head.legacy) return;
    for (const [index, { extra_content: extra }] of (message.tool_calls ?? []).entries()) {
      if (extra == null || this.#extras?.get(index) === extra) continue;
      this.#emit(toChunk(head, { tool_calls: [{ index, extra_content: extra }] }));
    }
  }

  readonly add = (event: RunEvent): void => {
    const head = this.#head;
    switch (event.type) {
      case "text-delta":
        return this.#emit(toChunk(head, { content: event.text }, { logprobs: event.logprobs }));
      case "reasoning-delta":
        if (head.include.has("reasoning")) this.#emit(toChunk(head, { reasoning_content: event.text }));
        return;
      case "refusal-delta":
        return this.#emit(toChunk(head, { refusal: event.text }));
      case "tool-call-start":
        return this.#emit(toChunk(head, this.#startCall(event)));
      case "tool-call-delta":
        return this.#emit(toChunk(head, toCallDelta(event, head)));
      case "tool-start":
      case "tool-end":
        if (head.include.has("tools")) this.#emit({ ...toChunk(head, {}), x_clawgate: toProgress(event) });
        return;
      case "run-start":
      case "model-start":
        return;
    }
  };

  end({ message, finishReason, usage }: RunAnswer): void {
    const head = this.#head;
    if (message.stateOf !== undefined && showsState(message, head)) this.#endState(message);
    this.#emit(toChunk(head, {}, { finishReason: toFinishReason(finishReason, head) }));
    if (head.includeUsage) this.#emit({ ...toChunk(head, {}), choices: [], usage });
  }
}

/** A chunk that changes nothing, for clients that need to see life. */
export function toIdleChunk(head: AnswerHead): ChatCompletionChunk {
  return toChunk(head, { content: "" });
}

interface ChunkEnds {
  readonly finishReason?: FinishReason;
  readonly logprobs?: readonly TokenLogprob[] | undefined;
}

function toChunk(head: AnswerHead, delta: ChunkDelta, { finishReason, logprobs }: ChunkEnds = {}): ChatCompletionChunk {
  const chunk: ChatCompletionChunk = {
    id: head.id,
    object: "chat.completion.chunk",
    created: head.created,
    model: head.model,
    choices: [{ index: 0, delta, logprobs: toLogprobs(logprobs), finish_reason: finishReason ?? null }],
  };
  if (head.includeUsage) chunk.usage = null;
  return chunk;
}

type Progress = NonNullable<ChatCompletionChunk["x_clawgate"]>;

function toProgress(event: Extract<RunEvent, { type: "tool-start" | "tool-end" }>): Progress {
  const { type, id, name } = event;
  return type === "tool-start" ? { event: type, id, name } : { event: type, id, name, failed: event.failed };
}

type CallStart = Extract<RunEvent, { type: "tool-call-start" }>;
type CallDelta = Extract<RunEvent, { type: "tool-call-delta" }>;

function toCallStart(
  { index, id, kind, name }: CallStart,
  { legacy }: AnswerHead,
  extra: { readonly extra_content?: ExtraContent } = {},
): ChunkDelta {
  if (legacy) return { function_call: { name, arguments: "" } };
  return {
    tool_calls: [
      kind === "function"
        ? { index, id, type: "function", function: { name, arguments: "" }, ...extra }
        : { index, id, type: "custom", custom: { name, input: "" }, ...extra },
    ],
  };
}

/**
 * Later deltas leave `id`, `type` and `name` out: sent again, even as null, they break strict tools in SDK 7.
 */
function toCallDelta({ index, kind, text }: CallDelta, { legacy }: AnswerHead): ChunkDelta {
  if (legacy) return { function_call: { arguments: text } };
  return {
    tool_calls: [kind === "function" ? { index, function: { arguments: text } } : { index, custom: { input: text } }],
  };
}

/**
 * `JSON.stringify` for the chunks of one stream. What is constant in a chunk of text is written once per stream, so
 * that a token costs the escaping of its own text and no more.
 */
export function createChunkJson({
  id,
  created,
  model,
  includeUsage,
}: AnswerHead): (chunk: ChatCompletionChunk) => string {
  const head = JSON.stringify({ id, object: "chat.completion.chunk", created, model }).slice(0, -1);
  const before = `${head},"choices":[{"index":0,"delta":{"content":`;
  const after = `},"logprobs":null,"finish_reason":null}]${includeUsage ? ',"usage":null' : ""}}`;
  return (chunk) => {
    const text = toPlainText(chunk);
    return text === undefined ? JSON.stringify(chunk) : before + JSON.stringify(text) + after;
  };
}

/** The text of a chunk that holds nothing else. */
function toPlainText({ choices: [choice] }: ChatCompletionChunk): string | undefined {
  if (choice === undefined || choice.finish_reason !== null || choice.logprobs !== null) return undefined;
  const { delta } = choice;
  for (const key in delta) if (key !== "content") return undefined;
  return delta.content;
}
