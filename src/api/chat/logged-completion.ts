import { toForm, toHead } from "./answer-form.ts";
import { toCompletion } from "./completion.ts";
import type { AnswerHead } from "./head.ts";
import { type Source, toNumberedStream } from "./numbered-chunks.ts";
import { type Begun, Opening, toFacts } from "./chunks.ts";
import type { Route } from "./route.ts";
import type { Call, Reply } from "../../base/contract.ts";
import { GatewayError, withHeaders } from "../../base/errors.ts";
import { toCanonicalJson } from "../../base/json-text.ts";
import { openFlow } from "../../base/listener.ts";
import { afterAll } from "../../run/follow.ts";
import { toDigest } from "../../run/repeated.ts";
import type { RunLog } from "../../run/run-log.ts";
import type { RunAgent, RunRequest } from "../../run/run-request.ts";

type ChatCall = Call<"createChatCompletion">;
type ChatReply = Reply<"createChatCompletion">;
type ChatHeaders = Extract<ChatReply, { status: 200 }>["headers"];

export interface LoggedCall {
  readonly call: ChatCall;
  readonly route: Route;
  readonly head: AnswerHead;
  readonly detached: boolean;
  readonly runs: RunLog;
  readonly runAgent: RunAgent;
  readonly prepare: (signal: AbortSignal) => Promise<RunRequest>;
  readonly toHeaders: (begun: Begun, runId: string) => ChatHeaders;
}

const keyHeader = "idempotency-key";

/** So often a call asks whose run has ended because the others who had asked for it left; that has freed its key. */
const asksMax = 3;

/** The answer of a run that is logged: its client follows it as any other reader does, and so does whoever repeats the call. */
export async function answerLogged(logged: LoggedCall): Promise<ChatReply> {
  for (let asks = 1; ; asks += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- only what became of the one before makes another
      return await answerOnce(logged);
    } catch (cause) {
      const isLeft = GatewayError.from(cause).code === "cancelled" && !logged.call.signal.aborted;
      if (!isLeft || asks === asksMax) throw cause;
    }
  }
}

async function answerOnce(logged: LoggedCall): Promise<ChatReply> {
  const { call, runs, toHeaders } = logged;
  const { body, signal, flow } = call;
  const { id, form, isRepeated } = await runs.ask(toAsked(logged));
  const head = toHead(form);
  const mark = isRepeated ? { "idempotency-replayed": "true" as const } : {};
  const toOwnHeaders = (begun: Begun): ChatHeaders => ({ ...toHeaders(begun, id), ...mark });
  try {
    if (body.stream !== true) {
      const answer = await runs.follow(id, afterAll, { signal, flow: openFlow, emit: () => undefined });
      call.tell(toFacts(answer));
      return { status: 200, headers: toOwnHeaders(answer), body: toCompletion(answer, head) };
    }
    const opening = new Opening();
    const run = runs.follow(id, 0, { signal, flow, emit: opening.emit });
    const begun = await opening.decided(run);
    call.tell({ model: begun.model });
    const followed: Source = async ({ emit }) => {
      opening.passTo(emit);
      const answer = await run;
      call.tell(toFacts(answer));
      return answer;
    };
    const stream = toNumberedStream(followed, head, 0);
    return { status: 200, headers: toOwnHeaders(begun), stream };
  } catch (cause) {
    throw withHeaders(GatewayError.from(cause), { "x-openclaw-run-id": id, ...mark });
  }
}

function toAsked({ call, route, head, detached, runAgent, prepare }: LoggedCall) {
  const { principal, parameters, signal } = call;
  const { agent, session } = route;
  const text = parameters[keyHeader];
  const key = text === undefined ? undefined : { text, requestHash: toRequestHash(call, route) };
  return { principal, agent, session, detached, form: toForm(head), key, signal, runAgent, prepare };
}

/** Equal for equal requests. A stateless call has another session key each time. */
function toRequestHash({ body, parameters }: ChatCall, { agent, session }: Route): string {
  const include = parameters["x-clawgate-include"] ?? null;
  return toDigest([toCanonicalJson(body), agent.id, session.kept ? session.key : null, include]);
}
