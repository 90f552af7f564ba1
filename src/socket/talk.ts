import { isEndedByHand } from "./run-teller.ts";
import { toAskedMessage, toModel, toText } from "./chat-message.ts";
import type { Followers } from "./followers.ts";
import type { SocketCall, SocketHandlers } from "./methods.ts";
import { parseForm, toForm } from "./run-form.ts";
import type { RunNames } from "./run-names.ts";
import { nameSession, type NamedSession, toSessionId } from "./session-name.ts";
import { toRunReach } from "../api/runs/run-reach.ts";
import type { Message, SocketMethods, UserPart } from "../base/contract.ts";
import { GatewayError, invalidValue } from "../base/errors.ts";
import { openFlow } from "../base/listener.ts";
import type { Principal } from "../base/principal.ts";
import type { Agents } from "../run/agents.ts";
import { afterAll, mustFind } from "../run/follow.ts";
import type { LiveRuns, RunOutcome } from "../run/live-runs.ts";
import type { MediaGate } from "../run/media/media-gate.ts";
import { toDigest } from "../run/repeated.ts";
import type { GivenRun, RunLog } from "../run/run-log.ts";
import type { RunAgent } from "../run/run-request.ts";
import type { Slots } from "../run/slots.ts";
import type { RunEntry, RunStore } from "../session/run-store.ts";

export interface TalkParts {
  readonly agents: Agents;
  readonly runAgent: RunAgent;
  readonly media: MediaGate;
  readonly slots: Pick<Slots, "assertRoom">;
  readonly runs: RunLog;
  readonly live: LiveRuns;
  readonly store: { readonly runs: Pick<RunStore, "find" | "findKeyed" | "cancel"> };
  readonly names: RunNames;
  readonly followers: Followers;
}

type Attachments = SocketMethods["chat.send"]["params"]["attachments"];
type AgentPayload = SocketMethods["agent"]["payload"];

/** What a client asks to be run. */
interface Asked {
  readonly idempotencyKey: string;
  readonly message: string;
  readonly attachments?: Attachments;
  readonly instructions?: string | undefined;
  readonly timeoutMs: number;
}

/** Longer than any client's patience, and bounded all the same. */
const waitMsDefault = 30_000;
const waitMsMax = 3_600_000;

/** To begin runs, wait for them and end them. */
export function createTalk(
  parts: TalkParts,
): Pick<SocketHandlers, "chat.send" | "agent" | "agent.wait" | "chat.abort"> {
  return {
    async "chat.send"({ sessionKey, agentId, timeoutMs = 0, ...asked }, call) {
      const session = nameSession({ sessionKey, agentId }, call.principal, parts.agents);
      const { id, isRepeated } = await begin(parts, session, { ...asked, timeoutMs }, call);
      const status = isRepeated ? toState(await mustFind(parts.store.runs, id)) : "started";
      return { runId: asked.idempotencyKey, status };
    },
    async agent({ sessionKey, agentId, timeout = 0, extraSystemPrompt: instructions, ...asked }, call) {
      const session = nameSession({ sessionKey, agentId }, call.principal, parts.agents);
      const { id } = await begin(parts, session, { ...asked, instructions, timeoutMs: timeout * 1000 }, call);
      const acceptedAt = parts.live.find(id)?.createdAt ?? Date.now();
      const accepted = { runId: asked.idempotencyKey, status: "accepted", acceptedAt } as const;
      call.accept({ ...accepted, sessionKey: session.key, loggedRunId: id });
      const outcome = await untilEnd(parts.runs, id, call.signal);
      return toAgentPayload(asked.idempotencyKey, session, await mustFind(parts.store.runs, id), outcome);
    },
    async "agent.wait"({ runId, timeoutMs = waitMsDefault }, { principal, signal }) {
      const run = await findRun(parts, runId, principal);
      const waits = AbortSignal.any([signal, AbortSignal.timeout(Math.min(timeoutMs, waitMsMax))]);
      const outcome = await untilEnd(parts.runs, run.id, waits).catch((cause: unknown) => {
        if (waits.aborted) return undefined;
        throw cause;
      });
      const startedAt = run.createdAt;
      if (outcome === undefined) return { runId, status: "timeout", startedAt };
      const times = { runId, startedAt, endedAt: (await mustFind(parts.store.runs, run.id)).endedAt ?? Date.now() };
      const { error } = outcome;
      if (error === undefined) return { ...times, status: "ok" };
      const stopReason = isEndedByHand(error) ? { stopReason: "rpc" } : {};
      return { ...times, status: "error", error: error.message, ...stopReason };
    },
    async "chat.abort"({ sessionKey, agentId, runId }, { principal }) {
      const { stored } = nameSession({ sessionKey, agentId }, principal, parts.agents);
      const id = runId === undefined ? undefined : parts.names.toId(principal.name, runId);
      const runIds = [...abort(parts, stored, id), ...(await abortElsewhere(parts, stored, runId, id))];
      return { ok: true, aborted: runIds.length > 0, runIds };
    },
  };
}

/** Begins a run, or finds the one that the same request has begun. It is logged, and goes on without its connection. */
async function begin(
  { slots, runs, runAgent, media, followers, names }: TalkParts,
  { agent, key, stored }: NamedSession,
  { idempotencyKey, message, attachments = [], instructions, timeoutMs }: Asked,
  { principal, member, requestId, address, signal }: SocketCall<"agent"> | SocketCall<"chat.send">,
): Promise<GivenRun> {
  const content = toContent(message, attachments);
  slots.assertRoom(principal.name);
  const asked: Message[] = [{ role: "user", content }];
  if (instructions) asked.unshift({ role: "system", content: instructions });
  const turn = toAskedMessage(idempotencyKey, content);
  const session = { key, kept: true, toldWhole: false };
  const given = await runs.ask({
    principal,
    agent,
    session,
    detached: true,
    form: runs.elsewhere.isPossible ? toForm({ name: idempotencyKey, asked: turn }) : "{}",
    key: { text: idempotencyKey, requestHash: toDigest([stored, content, instructions]) },
    signal,
    runAgent,
    onGiven({ id, isRepeated }) {
      names.remember(principal.name, idempotencyKey, id);
      void followers.follow(stored, key, member);
      if (!isRepeated) followers.find(stored)?.tellAsked(idempotencyKey, turn, principal.name, agent.id);
    },
    async prepare(ends) {
      const messages = await media.admit(asked, ends);
      return { principal, agent, session, messages, tools: [], settings: {}, requestId, address };
    },
  });
  if (timeoutMs > 0 && !given.isRepeated) endLater(runs, given.id, timeoutMs);
  return given;
}

/** A timer longer than Node has one for would be none. */
const timerMsMax = 2 ** 31 - 1;

function endLater(runs: RunLog, id: string, timeoutMs: number): void {
  const end = (): void => void runs.cancel(id).catch(() => undefined);
  const timer = setTimeout(end, Math.min(timeoutMs, timerMsMax)).unref();
  const stop = (): void => clearTimeout(timer);
  untilEnd(runs, id, new AbortController().signal).then(stop, stop);
}

/** How a run ends. Rejects with the signal's reason. */
async function untilEnd(runs: RunLog, id: string, signal: AbortSignal): Promise<RunOutcome> {
  try {
    return { answer: await runs.follow(id, afterAll, { signal, flow: openFlow, emit: () => undefined }) };
  } catch (cause) {
    signal.throwIfAborted();
    return { error: GatewayError.from(cause) };
  }
}

function toContent(message: string, attachments: NonNullable<Attachments>): string | UserPart[] {
  if (attachments.length === 0) {
    if (message.trim() === "") throw invalidValue("message", "it is empty");
    return message;
  }
  const images = attachments.map(({ mimeType, content }, index): UserPart => {
    const place = `attachments[${index}]`;
    if (typeof content !== "string") throw invalidValue(`${place}.content`, "it must be base64");
    if (content.startsWith("data:")) return { type: "image_url", image_url: { url: content } };
    if (mimeType?.startsWith("image/") !== true) throw invalidValue(`${place}.mimeType`, "only images are taken");
    return { type: "image_url", image_url: { url: `data:${mimeType};base64,${content}` } };
  });
  return message === "" ? images : [{ type: "text", text: message }, ...images];
}

function toState({ state }: RunEntry): SocketMethods["chat.send"]["payload"]["status"] {
  if (state === "queued" || state === "running") return "in_flight";
  return state === "completed" ? "ok" : "error";
}

function toAgentPayload(
  runId: string,
  { stored }: NamedSession,
  { createdAt, endedAt = createdAt }: RunEntry,
  { answer, error }: RunOutcome,
): AgentPayload {
  const durationMs = Math.max(0, endedAt - createdAt);
  if (error !== undefined) {
    if (!isEndedByHand(error)) throw error;
    const meta = { durationMs, aborted: true, stopReason: "rpc" };
    return { runId, status: "error", summary: "aborted", result: { payloads: [], meta } };
  }
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = answer.usage;
  const agentMeta = { sessionId: toSessionId(stored), ...toModel(answer.model), usage: { input, output, total } };
  return {
    runId,
    status: "ok",
    summary: "completed",
    result: {
      payloads: [{ text: toText(answer), mediaUrl: null }],
      meta: { durationMs, stopReason: answer.finishReason, agentMeta },
    },
  };
}

/** A run by what its client calls it, or by its id if the caller may know of it. */
async function findRun({ agents, names, store }: TalkParts, runId: string, principal: Principal): Promise<RunEntry> {
  const known = await store.runs.find(names.toId(principal.name, runId));
  // Begun at another gateway, or before this one was: the name is its key.
  const run = known ?? (await store.runs.findKeyed(principal.name, runId));
  if (run !== undefined && toRunReach(principal, agents).sees(run)) return run;
  const message = `There is no run '${runId.slice(0, 64)}'; it may have ended long ago.`;
  throw new GatewayError("run_not_found", message, { param: "runId" });
}

/** Ends the runs of a session, or the one that is named, whichever door it came by. Returns how clients know them. */
function abort({ live, names }: TalkParts, stored: string, only: string | undefined): string[] {
  const reason = new GatewayError("run_cancelled", "Somebody has ended the run.", { retry: false });
  return [...live.list()].flatMap(({ id, storedKey }) => {
    if (storedKey !== stored || (only !== undefined && only !== id)) return [];
    return live.cancel(id, reason) ? [names.toName(id)] : [];
  });
}

/** The same for those that other gateways carry, which are asked to end them. */
async function abortElsewhere(
  { runs, store }: TalkParts,
  stored: string,
  runId: string | undefined,
  id: string | undefined,
): Promise<string[]> {
  const wanted = (await runs.elsewhere.list(stored))
    .map((run) => ({ id: run.id, name: parseForm(run.form).name ?? run.id }))
    .filter((run) => runId === undefined || run.id === id || run.name === runId);
  await Promise.all(wanted.map((run) => store.runs.cancel(run.id)));
  return wanted.map(({ name }) => name);
}
