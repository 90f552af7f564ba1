import { setTimeout as delay } from "node:timers/promises";
import type { AgentDoor, Asked, RunListener, Said } from "./agent-door.ts";
import type { GatewayAddress } from "./gateway-address.ts";
import { GatewayLink, LinkLost, type Told } from "./gateway-link.ts";
import { toMessageText } from "./printable.ts";
import type { ChatMessage, FinishReason, SocketMethods, ToolCall } from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import { createRunId } from "../../run/live-runs.ts";
import { parseOperatorKey } from "../../session/key.ts";

type AgentPayload = SocketMethods["agent"]["payload"];
type Accepted = Extract<AgentPayload, { readonly status: "accepted" }>;
type Ended = Exclude<AgentPayload, Accepted>;

/** How long a gateway that is gone may take to come back: as long as a restart takes, and some more. */
const returnMs = 30_000;
const tryAgainMs = 250;
/** How long a run that is to end may take to say so. */
const abortMs = 5_000;
const listedMax = 100;

/** Talks to a gateway that runs. Rejects with `GatewayError` where there is none, or it lets nobody in. */
export async function openGatewayDoor(address: GatewayAddress): Promise<AgentDoor> {
  const door = new GatewayDoor(address);
  await door.connect();
  return door;
}

class GatewayDoor implements AgentDoor {
  readonly #address: GatewayAddress;
  #link: GatewayLink | undefined;

  constructor(address: GatewayAddress) {
    this.#address = address;
  }

  get #open(): GatewayLink | undefined {
    return this.#link?.isLost === true ? undefined : this.#link;
  }

  async connect(): Promise<GatewayLink> {
    try {
      return (this.#link = await GatewayLink.open(this.#address));
    } catch (cause) {
      if (cause instanceof LinkLost) throw this.#unavailable(`cannot be reached: ${cause.message}`, cause);
      throw cause;
    }
  }

  /**
   * Asks for the run, and after a lost connection for the same one by its key: it goes on without us, and is not begun
   * again.
   */
  async run(asked: Asked, listener: RunListener): Promise<Said> {
    const runId = createRunId();
    const view = new RunView(runId, listener);
    let link = this.#open;
    for (;;) {
      try {
        // oxlint-disable no-await-in-loop -- one connection after the other
        link ??= await this.#reconnect(runId, listener.signal);
        const ended = await this.#ask(link, asked, view);
        return await this.#toSaid(ended, view, asked);
      } catch (cause) {
        if (!(cause instanceof LinkLost)) throw cause;
        if (listener.signal.aborted) throw toCancelled(listener.signal);
        listener.onNote(`the connection to the gateway is lost (${cause.message}); looking for it again`);
        link = undefined;
      }
    }
  }

  async #ask(link: GatewayLink, { agentId, ...asked }: Asked, view: RunView): Promise<Ended> {
    const { runId, listener } = view;
    const given = { ...asked, ...(agentId === undefined ? {} : { agentId }), idempotencyKey: runId };
    const { signal } = listener;
    const late = Promise.withResolvers<never>();
    let timer: NodeJS.Timeout | undefined;
    const abort = (): void => {
      timer ??= setTimeout(() => late.reject(toCancelled(signal)), abortMs);
      // Before it was accepted there is nothing to end; then this is called once more.
      const { begun } = view;
      if (begun !== undefined) link.request("chat.abort", { sessionKey: begun, runId }).catch(() => undefined);
    };
    link.onEvent = view.onEvent;
    signal.addEventListener("abort", abort);
    try {
      const asking = link.request("agent", given, (payload) => {
        if (payload.status !== "accepted") return;
        view.begin(payload);
        if (signal.aborted) abort();
      });
      if (signal.aborted) abort();
      const payload = await Promise.race([asking, late.promise]);
      if (payload.status === "accepted") throw new LinkLost("the gateway accepts the run twice");
      return payload;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      link.onEvent = () => undefined;
    }
  }

  async #toSaid({ result }: Ended, view: RunView, asked: Asked): Promise<Said> {
    const { listener } = view;
    const meta = result?.meta;
    if (meta?.aborted === true) {
      if (listener.signal.aborted) throw toCancelled(listener.signal);
      throw new GatewayError("run_cancelled", "Somebody has ended the run.", { retry: false });
    }
    const text = (result?.payloads ?? []).map((payload) => payload.text).join("");
    view.show(text);
    const finishReason = toFinishReason(meta?.stopReason);
    const { provider = "", model = "", usage } = meta?.agentMeta ?? {};
    const { input = 0, output = 0, total = 0 } = usage ?? {};
    const toolCalls = finishReason === "tool_calls" ? toCalls(await this.readEnd(asked, 1)) : [];
    for (const call of toolCalls) if (call.type === "function") listener.onNote(`calls the tool ${call.function.name}`);
    return {
      model: `${provider}/${model}`,
      text,
      toolCalls,
      finishReason,
      usage: { prompt_tokens: input, completion_tokens: output, total_tokens: total },
    };
  }

  async listAgents(): ReturnType<AgentDoor["listAgents"]> {
    const { agents, defaultId } = await this.#request("agents.list", {});
    return agents.map(({ id, model }) => ({ id, model: model.primary, isDefault: id === defaultId }));
  }

  async listSessions(agentId: string): ReturnType<AgentDoor["listSessions"]> {
    const { sessions } = await this.#request("sessions.list", { agentId, limit: listedMax });
    return sessions.map(({ key, updatedAt }) => ({ key, updatedAt: updatedAt ?? 0 }));
  }

  async readEnd(
    { agentId, sessionKey }: Parameters<AgentDoor["readEnd"]>[0],
    limit: number,
  ): Promise<readonly ChatMessage[]> {
    const named = agentId === undefined ? { sessionKey } : { sessionKey, agentId };
    return (await this.#request("chat.history", { ...named, limit })).messages;
  }

  close(): Promise<void> {
    this.#link?.close();
    return Promise.resolve();
  }

  /** What changes nothing is asked once more where the connection was lost meanwhile. */
  async #request<M extends keyof SocketMethods>(
    method: M,
    params: SocketMethods[M]["params"],
  ): Promise<SocketMethods[M]["payload"]> {
    try {
      return await (this.#open ?? (await this.connect())).request(method, params);
    } catch (cause) {
      if (!(cause instanceof LinkLost)) throw cause;
    }
    const link = await this.connect();
    return link.request(method, params).catch((cause: unknown) => {
      throw cause instanceof LinkLost ? this.#unavailable(`is gone: ${cause.message}`, cause) : cause;
    });
  }

  async #reconnect(runId: string, signal: AbortSignal): Promise<GatewayLink> {
    const end = performance.now() + returnMs;
    for (;;) {
      try {
        return (this.#link = await GatewayLink.open(this.#address));
      } catch (cause) {
        if (!(cause instanceof LinkLost)) throw cause;
        if (performance.now() > end)
          throw this.#unavailable(
            `has not come back (${cause.message}). What became of the run ${runId} it knows`,
            cause,
          );
      }
      await delay(tryAgainMs, undefined, { signal }).catch(() => {
        throw toCancelled(signal);
      });
    }
  }

  #unavailable(what: string, cause: unknown): GatewayError {
    const message = `The gateway at ${this.#address.url} ${what}. With --local the agent runs without one.`;
    return new GatewayError("shutting_down", message, { cause });
  }
}

/** What has been shown of a run. Each event has all the text so far, so none that was missed leaves a hole. */
class RunView {
  readonly runId: string;
  readonly listener: RunListener;
  /** The session's key, when the run has been accepted. */
  begun: string | undefined;
  #shown = "";

  constructor(runId: string, listener: RunListener) {
    this.runId = runId;
    this.listener = listener;
  }

  begin({ sessionKey = "", loggedRunId = this.runId }: Accepted): void {
    if (this.begun !== undefined) return;
    this.begun = sessionKey;
    this.listener.onBegin({ runId: loggedRunId, agentId: parseOperatorKey(sessionKey).agentId ?? "", sessionKey });
  }

  show(text: string): void {
    if (!text.startsWith(this.#shown) || text.length === this.#shown.length) return;
    this.listener.onText(text.slice(this.#shown.length));
    this.#shown = text;
  }

  readonly onEvent = ({ event, payload }: Told): void => {
    if ((event !== "chat" && event !== "agent") || payload.runId !== this.runId) return;
    if (event === "chat") {
      if ("message" in payload && payload.message !== undefined) this.show(toMessageText(payload.message));
      return;
    }
    const { phase, name, isError } = payload.data;
    if (payload.stream !== "tool" || name === undefined) return;
    if (phase === "start") this.listener.onNote(`runs the tool ${name}`);
    else if (isError === true) this.listener.onNote(`the tool ${name} failed`);
  };
}

function toCancelled({ reason }: AbortSignal): GatewayError {
  return reason instanceof GatewayError ? reason : new GatewayError("cancelled", "The run was ended.");
}

const finishReasons: ReadonlySet<string> = new Set<FinishReason>(["stop", "length", "tool_calls", "content_filter"]);

function toFinishReason(text = "stop"): FinishReason {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is one of them
  return finishReasons.has(text) ? (text as FinishReason) : "stop";
}

function toCalls(messages: readonly ChatMessage[]): ToolCall[] {
  const parts = messages.at(-1)?.content ?? [];
  return parts.flatMap(({ type, id = "", name = "", arguments: given }): ToolCall[] => {
    if (type !== "toolCall") return [];
    return [
      {
        id,
        type: "function",
        function: { name, arguments: typeof given === "string" ? given : JSON.stringify(given) },
      },
    ];
  });
}
