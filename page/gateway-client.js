import { readEvents } from "./event-reader.js";
import { toSessionChoice } from "./session-key.js";

/** So many of an agent's newest sessions are listed. */
export const sessionsMax = 100;

/** What the gateway has refused, in its own words. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {number} status
   * @param {string} [code]
   */
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * @typedef {{ id: string, agent_id: string, updated_at: number, message_count: number }} Session
 * @typedef {{ id: string, function?: { name: string, arguments: string }, custom?: { name: string, input: string } }} Call
 * @typedef {{ role: string, content?: unknown, refusal?: string | null, name?: string, tool_call_id?: string, tool_calls?: Call[] }} Message
 * @typedef {{ id: string, message: Message }} StoredMessage
 * @typedef {{ id: string, state: string, logged: boolean, expired: boolean }} Run
 * @typedef {{ run: string | undefined, model: string | undefined, session: string | undefined,
 *   chunks: AsyncGenerator<import("./answer.js").Chunk> }} Stream
 */

/** The calls of the page: the gateway's public API, with the token that the reader gave. It is kept nowhere else. */
export class GatewayClient {
  /** @type {Record<string, string>} */
  #headers;

  /** @param {string} token Empty where the gateway asks for none. */
  constructor(token) {
    this.#headers = token === "" ? {} : { authorization: `Bearer ${token}` };
  }

  /** @returns {Promise<string[]>} The ids of the agents. */
  async listAgents() {
    /** @type {{ data: { id: string }[] }} */
    const { data } = await this.#read("/v1/models");
    const ids = data.map(({ id }) => /^openclaw\/(.+)$/.exec(id)?.[1]).filter((id) => id !== undefined);
    return ids.filter((id) => id !== "default");
  }

  /**
   * Undefined where the gateway has its list of sessions switched off, or keeps it from this token.
   *
   * @param {string} agent
   * @returns {Promise<Session[] | undefined>}
   */
  async listSessions(agent) {
    /** @type {{ data: Session[] } | undefined} */
    const list = await this.#readIfOn(`/v1/sessions?limit=${sessionsMax}&agent=${encodeURIComponent(agent)}`);
    return list?.data;
  }

  /**
   * @param {string} key
   * @returns {Promise<StoredMessage[]>} All of them, oldest first; none of a session that is not there yet.
   */
  async listMessages(key) {
    /** @type {StoredMessage[]} */
    const all = [];
    let after = "";
    for (;;) {
      /** @type {{ data: StoredMessage[], has_more: boolean, last_id: string } | undefined} */
      const page = await this.#readIfOn(`/v1/sessions/${encodeURIComponent(key)}/messages?limit=100${after}`);
      if (page === undefined) return all;
      all.push(...page.data);
      if (!page.has_more) return all;
      after = `&after=${page.last_id}`;
    }
  }

  /** @param {string} key */
  async deleteSession(key) {
    await this.#call(`/v1/sessions/${encodeURIComponent(key)}`, { method: "DELETE" });
  }

  /** Whether runs can be followed, and so go on without this page. */
  async hasRuns() {
    return (await this.#readIfOn("/v1/runs?limit=1")) !== undefined;
  }

  /**
   * @param {string} id
   * @returns {Promise<Run | undefined>}
   */
  findRun(id) {
    return this.#readIfOn(`/v1/runs/${encodeURIComponent(id)}`);
  }

  /**
   * The run of a session that is under way and can be followed.
   *
   * @param {string} session
   * @returns {Promise<Run | undefined>}
   */
  async findRunUnderWay(session) {
    /** @type {{ data: Run[] } | undefined} */
    const list = await this.#readIfOn(`/v1/runs?limit=5&session=${encodeURIComponent(session)}`);
    return list?.data.find(({ state, logged }) => logged && (state === "queued" || state === "running"));
  }

  /** @param {string} id */
  async cancelRun(id) {
    await this.#call(`/v1/runs/${encodeURIComponent(id)}/cancel`, { method: "POST" });
  }

  /**
   * Says something in a session. A session remembers what was said before, so the call has only what is new.
   *
   * @param {{ session: string, text: string, detached: boolean, reasoning: boolean, signal: AbortSignal }} question
   * @returns {Promise<Stream>}
   */
  async ask({ session, text, detached, reasoning, signal }) {
    const choice = toSessionChoice(session);
    if (choice === undefined) throw new Refusal("This session can be read here, and not gone on with.", 0);
    const body = {
      model: "openclaw",
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: "user", content: text }],
      ...choice.fields,
    };
    const response = await this.#call("/v1/chat/completions", {
      method: "POST",
      headers: {
        ...choice.headers,
        "content-type": "application/json",
        "x-clawgate-include": reasoning ? "reasoning, tools" : "tools",
        ...(detached ? { "x-openclaw-detach": "true" } : {}),
      },
      body: JSON.stringify(body),
      signal,
    });
    return toStream(response);
  }

  /**
   * A run from its beginning.
   *
   * @param {string} id
   * @param {AbortSignal} signal
   * @returns {Promise<Stream>}
   */
  async follow(id, signal) {
    return toStream(await this.#call(`/v1/runs/${encodeURIComponent(id)}/events`, { signal }));
  }

  /**
   * @param {string} path
   * @param {{ method?: string, headers?: Record<string, string>, body?: string, signal?: AbortSignal }} [init]
   */
  async #call(path, init = {}) {
    const headers = { ...this.#headers, ...init.headers };
    const response = await fetch(path, { ...init, headers, cache: "no-store", credentials: "omit" });
    if (response.ok) return response;
    /** @type {{ error?: { message?: string, code?: string } } | undefined} */
    const body = await response.json().catch(() => undefined);
    throw new Refusal(
      body?.error?.message ?? `The gateway answered ${response.status}.`,
      response.status,
      body?.error?.code,
    );
  }

  /** @param {string} path */
  async #read(path) {
    return (await this.#call(path)).json();
  }

  /**
   * Undefined for what is switched off, is not there, or is kept from this token.
   *
   * @param {string} path
   */
  async #readIfOn(path) {
    try {
      return await this.#read(path);
    } catch (refusal) {
      if (refusal instanceof Refusal && (refusal.status === 404 || refusal.status === 403)) return undefined;
      throw refusal;
    }
  }
}

/**
 * @param {Response} response
 * @returns {Stream}
 */
function toStream({ headers, body }) {
  return {
    run: headers.get("x-openclaw-run-id") ?? undefined,
    model: toName(headers.get("x-clawgate-model") ?? undefined),
    session: headers.get("x-openclaw-session-key") ?? undefined,
    chunks: readChunks(body),
  };
}

/**
 * Of a name in a header what is no visible ASCII is percent-encoded, and nothing else.
 *
 * @param {string | undefined} encoded
 */
function toName(encoded) {
  try {
    return encoded?.replace(/(?:%[89A-F][0-9A-F])+/g, decodeURIComponent);
  } catch {
    return encoded;
  }
}

/**
 * Throws a `Refusal` for an error that ends the stream, and for a stream that ends before it is whole.
 *
 * @param {ReadableStream<Uint8Array> | null} body
 * @returns {AsyncGenerator<import("./answer.js").Chunk>}
 */
async function* readChunks(body) {
  if (body !== null) {
    for await (const { data } of readEvents(body)) {
      if (data === "[DONE]") return;
      const event = JSON.parse(data);
      if (event.error) throw new Refusal(event.error.message, 0, event.error.code);
      yield event;
    }
  }
  throw new Refusal("The connection ended before the answer did.", 0);
}
