// Types only: what the document says about one operation, read from the `operations` that openapi-typescript makes.
import type { Listener } from "./listener.ts";

type Responses<Ops, O extends keyof Ops> = Ops[O] extends { responses: infer R } ? R : never;
type Content<R> = R extends { content: infer C } ? C : never;
type WholeMedia<R> = Exclude<Content<R>[Exclude<keyof Content<R>, "text/event-stream">], undefined>;
type StreamMedia<R> = Content<R> extends { "text/event-stream": infer E } ? E : never;

type FailureStatus<Rs> = {
  [S in keyof Rs]: S extends number ? (`${S}` extends `${4 | 5}${string}` ? S : never) : never;
}[keyof Rs];
/** What the operation says when it fails, with a status or as the last event of a stream. */
type Failure<Rs> = WholeMedia<Rs[FailureStatus<Rs>]>;

type Named<H, Given extends string> = {
  [K in keyof H as string extends K ? never : K extends Given ? never : K]: H[K];
};
/** The headers that the response must or may have. `Given` are those that somebody else sends. */
type ReplyHeaders<R, Given extends string> = R extends { headers: infer H } ? Named<H, Given> : object;
type WithHeaders<H> = object extends H ? { readonly headers?: H } : { readonly headers: H };

/**
 * A stream of events, pushed. `run` is called once and tells the listener each event; its promise says how the stream
 * ended, and a rejection becomes the last event.
 */
export interface EventStream<E> {
  readonly run: (to: Listener<E>) => Promise<void>;
  /**
   * Writes one event as JSON; by default `JSON.stringify`. A method, and so read with tolerance: whoever writes streams
   * of any kind gives each of them its own events back.
   */
  toJson?(event: E): string;
  /** The id of the event that is being emitted, for clients that come back and say which was their last. */
  readonly toId?: () => number;
  /** Sent instead of a comment while nothing happens, where the server is told to. */
  readonly idleEvent?: E;
}

/** A reply of any operation: what servers read. */
export interface AnyReply {
  readonly status: number;
  readonly headers?: object;
  readonly body?: unknown;
  readonly stream?: EventStream<unknown>;
}

/** One object type, so that the compiler finds a key too many in it, and shows it in one piece. */
type Flat<T> = { [K in keyof T]: T[K] };
type Whole<S, R, Given extends string> = Flat<
  { readonly status: S; readonly body: WholeMedia<R> } & WithHeaders<ReplyHeaders<R, Given>>
>;
type Streamed<S, R, E, Given extends string> = Flat<
  { readonly status: S; readonly stream: EventStream<E> } & WithHeaders<ReplyHeaders<R, Given>>
>;
type Answer<S, R, F, Given extends string> =
  | ([WholeMedia<R>] extends [never] ? never : Whole<S, R, Given>)
  | ([Exclude<StreamMedia<R>, F>] extends [never] ? never : Streamed<S, R, Exclude<StreamMedia<R>, F>, Given>);

/** What a handler may answer: a status of the document with the body, headers and events that it has there. */
export type Reply<Ops, O extends keyof Ops, Given extends string = never> = Extract<
  {
    [S in keyof Responses<Ops, O>]: Answer<S, Responses<Ops, O>[S], Failure<Responses<Ops, O>>, Given>;
  }[keyof Responses<Ops, O>],
  // Leaves no reply out: it says, of every operation at once, what a server can read.
  AnyReply
>;

/** The body of a request; undefined where the operation has none. */
export type Body<Ops, O extends keyof Ops> = Ops[O] extends {
  requestBody: { content: { "application/json": infer B } };
}
  ? B
  : undefined;

type ParametersOf<Ops, O extends keyof Ops, Place extends string> = Ops[O] extends { parameters: infer P }
  ? Place extends keyof P
    ? [Exclude<P[Place], undefined>] extends [never]
      ? object
      : Exclude<P[Place], undefined>
    : object
  : object;

/** The parameters of the path, the query and the headers, by name. */
export type Parameters<Ops, O extends keyof Ops> = ParametersOf<Ops, O, "path"> &
  ParametersOf<Ops, O, "header"> &
  ParametersOf<Ops, O, "query">;

/** One request as a handler sees it: what the checks have passed, and what the server adds for all handlers. */
export type Call<Ops, O extends keyof Ops, Context = object> = Context & {
  readonly body: Body<Ops, O>;
  readonly parameters: Parameters<Ops, O>;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
};

/** Answers one operation. It refuses by throwing what its server knows as an error, or by a reply with that status. */
export type Handler<Ops, O extends keyof Ops, Context = object, Given extends string = never> = (
  call: Call<Ops, O, Context>,
) => Reply<Ops, O, Given> | Promise<Reply<Ops, O, Given>>;

/** Exactly one handler for each operation of the document. */
export type Handlers<Ops, Context = object, Given extends string = never> = {
  readonly [O in keyof Ops]: Handler<Ops, O, Context, Given>;
};
