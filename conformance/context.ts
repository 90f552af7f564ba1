import type { Capability } from "./reach/capability.ts";
import { NotClaimed, show, Skip } from "./expect.ts";
import type { Exchange } from "./lens/exchange.ts";
import { type DialOptions, GatewaySocket } from "./lens/gateway-socket.ts";
import type { SdkLens } from "./lens/sdk.ts";
import { readStream, type StreamReading } from "./lens/stream.ts";
import { connect, type WireConnection } from "./lens/socket.ts";
import { send, type WireAnswer, type WireRequest } from "./lens/wire.ts";
import type { Capabilities, Subject } from "./reach/subject.ts";

/** What a case may use. */
export interface CaseContext {
  readonly subject: Subject;
  readonly capabilities: Capabilities;
  /** The SDK major of this run of the case; the newest one under test where the case does not run for each. */
  readonly sdk: SdkLens;
  /** Aborts when the time of the case is over. */
  readonly signal: AbortSignal;
  readonly has: (capability: Capability) => boolean;
  /** One raw request. */
  readonly send: (request: WireRequest) => Promise<WireAnswer>;
  /** `POST /chat/completions` with this body; `model` is filled in if it is missing. */
  readonly chat: (body: object, request?: WireRequest) => Promise<WireAnswer>;
  /** The same with `stream: true`, read as a stream. */
  readonly stream: (body: object, request?: WireRequest) => Promise<StreamReading>;
  /** A raw connection, for what HTTP clients cannot say. */
  readonly connect: () => Promise<WireConnection>;
  /** A WebSocket to the gateway, on which nobody has signed in yet; its status says whether there is one. */
  readonly dial: (options?: DialOptions) => Promise<GatewaySocket>;
  /** An answer to an ordinary question, asked once for all cases that only want to look at one. */
  readonly plain: () => Promise<WireAnswer>;
  /** The same question streamed, with and without usage. */
  readonly plainStream: (options?: { readonly usage?: boolean }) => Promise<StreamReading>;
  /** Asks only once, by name, what several cases want to look at; what failed is asked again by the next case. */
  readonly once: <T>(name: string, ask: () => Promise<T>) => Promise<T>;
  /** A body with one user message, `model` included. */
  readonly say: (text: string, fields?: object) => { model: string; messages: { role: "user"; content: string }[] };
  /** Sees something beside the connections, such as the time of day; a replay is given what was seen when it was recorded. */
  readonly observe: Observe;
  /** Something worth knowing that is no failure. */
  readonly note: (text: string) => void;
  /** Numbers from 0 to 1 that the seed of the run decides. */
  readonly random: () => number;
}

export type Observe = <T>(name: string, look: () => T) => T;

/** Answers that several cases look at, by name, with the calls that brought them; kept for the whole run. */
export type Shared = Map<string, { readonly answer: Promise<unknown>; readonly gathered: Gathered }>;

/** What an answer came by: calls that are over, and connections, which may go on. */
interface Gathered {
  readonly exchanges: Exchange[];
  readonly sockets: GatewaySocket[];
}

export interface ContextParts {
  readonly subject: Subject;
  readonly capabilities: Capabilities;
  readonly sdk: SdkLens;
  readonly signal: AbortSignal;
  readonly shared: Shared;
  readonly record: (exchange: Exchange) => void;
  /** Called with what an earlier case has sent, when this one looks at the answer. */
  readonly share: (exchange: Exchange) => void;
  readonly note: (text: string) => void;
  readonly random: () => number;
  readonly observe: Observe;
}

/** What a server without the fixture is asked, and what the fixture is told to say. */
const plainPrompts = { live: "Reply with the words: one two three four five", fixture: "@@words 5" };

/** The context of a case, and whether one of its calls is waiting for the subject. */
export function createContext(parts: ContextParts): { context: CaseContext; isWaiting: () => boolean } {
  const { subject, capabilities, shared } = parts;
  let open = 0;
  const count = <T>(call: Promise<T>): Promise<T> => {
    open++;
    return call.finally(() => open--);
  };
  const has = (capability: Capability): boolean => capabilities.get(capability)?.present === true;
  const prompt = has("fixture") ? plainPrompts.fixture : plainPrompts.live;

  const say: CaseContext["say"] = (text, fields) => ({
    model: subject.model,
    messages: [{ role: "user", content: text }],
    ...fields,
  });
  const gathering = new Set<Gathered>();
  const record = (exchange: Exchange): void => {
    for (const { exchanges } of gathering) exchanges.push(exchange);
    parts.record(exchange);
  };
  const sendOne: CaseContext["send"] = (request) => count(send(subject, { signal: parts.signal, ...request }, record));
  const chat: CaseContext["chat"] = (body, request) =>
    sendOne({ ...request, path: "/chat/completions", method: "POST", body: { model: subject.model, ...body } });
  const stream: CaseContext["stream"] = async (body, request) =>
    readStream(await chat({ ...body, stream: true }, request));
  const shareAll = ({ exchanges, sockets }: Gathered): void => {
    for (const exchange of [...exchanges, ...sockets.map((socket) => socket.exchange)]) parts.share(exchange);
  };
  const once = async <T>(name: string, make: () => Promise<T>): Promise<T> => {
    const known = shared.get(name);
    // What it was that failed, too, is for every case to show that has waited for it.
    if (known !== undefined) return (known.answer as Promise<T>).finally(() => shareAll(known.gathered));
    const gathered: Gathered = { exchanges: [], sockets: [] };
    gathering.add(gathered);
    const answer = make().finally(() => gathering.delete(gathered));
    shared.set(name, { answer, gathered });
    // A failure is not kept: the next case shall see it for itself.
    answer.catch(() => shared.delete(name));
    return answer;
  };
  const dial: CaseContext["dial"] = (options = {}) => {
    const socket = new GatewaySocket(subject, options, parts.signal, parts.record);
    for (const { sockets } of gathering) sockets.push(socket);
    return count(socket.opened());
  };

  const connectOne: CaseContext["connect"] = async () => {
    const connection = await count(connect(subject, parts.signal, record));
    connections.push(connection);
    return connection;
  };
  const connections: WireConnection[] = [];

  const context: CaseContext = {
    subject,
    capabilities,
    sdk: parts.sdk,
    signal: parts.signal,
    has,
    send: sendOne,
    chat,
    stream,
    connect: connectOne,
    dial,
    plain: () => once("plain", () => chat(say(prompt))),
    plainStream: ({ usage = false } = {}) =>
      once(`stream ${usage}`, () => stream(say(prompt, usage ? { stream_options: { include_usage: true } } : {}))),
    once,
    say,
    observe: parts.observe,
    note: parts.note,
    random: parts.random,
  };
  const isWaiting = (): boolean => open + parts.sdk.openCount() > 0 || connections.some(({ closed }) => !closed);
  return { context, isWaiting };
}

/** Refuses to decide without a capability that only part of a case needs. */
export function need({ capabilities }: Pick<CaseContext, "capabilities">, capability: Capability): void {
  const { present, why, claimed } = capabilities.get(capability) ?? { present: false, why: "not probed" };
  if (present) return;
  if (claimed === false) throw new NotClaimed(`needs ${capability}, which the server does not claim: ${why}`);
  throw new Skip(`needs ${capability}: ${why}`);
}

/** Refuses to decide what only shows where an ordinary call is answered. That it is not is what other cases find. */
export function needOrdinary({ status, text }: { readonly status: number; readonly text: string }): void {
  if (status !== 200) throw new Skip(`needs an answer to an ordinary call: ${status} ${show(text)}`);
}
