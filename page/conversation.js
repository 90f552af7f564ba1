import { addChunk, emptyAnswer } from "./answer.js";

/**
 * One entry of what is shown: a stored message, what was just said, or an answer that this page has seen come.
 *
 * @typedef {{ kind: "stored", message: import("./gateway-client.js").Message }
 *   | { kind: "said", text: string }
 *   | { kind: "answer", answer: import("./answer.js").Answer }} Entry
 *
 * @typedef {object} ConversationParts
 * @property {import("./gateway-client.js").GatewayClient} client
 * @property {string} session
 * @property {() => void} changed Told after every change of what is to be seen.
 * @property {(run: string | undefined) => void} follows Told which run is being followed, so that a reload can go on.
 */

/** One session as the page shows it: what was said, and at most one run that is under way. */
export class Conversation {
  /** @type {readonly Entry[]} */
  entries = [];
  /** @type {import("./answer.js").Answer | undefined} */
  answer;
  /** Why nothing can be shown, or nothing was said. */
  problem = "";
  /** For whoever does not see the page. */
  status = "";

  #parts;
  /** @type {{ leave: AbortController, run: string | undefined, detached: boolean } | undefined} */
  #under;
  #stopping = false;

  /** @param {ConversationParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  get isAnswering() {
    return this.#under !== undefined;
  }

  /**
   * Shows what was said before, and then goes on with the run that was being followed when the page was left, or with one
   * that is under way.
   *
   * @param {{ run: string | undefined, hasRuns: boolean, hasTranscript: boolean }} place
   */
  async open({ run, hasRuns, hasTranscript }) {
    try {
      if (hasTranscript) await this.#load();
      if (!hasRuns) return;
      const { client, session } = this.#parts;
      const found = run === undefined ? await client.findRunUnderWay(session) : await client.findRun(run);
      // Something may have been said here meanwhile.
      if (!this.isAnswering) await this.#resume(found);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /**
   * @param {string} text
   * @param {{ detached: boolean, reasoning: boolean }} options
   * @returns {Promise<boolean>} Whether the gateway has taken it.
   */
  async say(text, { detached, reasoning }) {
    if (this.isAnswering) return false;
    const { client, session } = this.#parts;
    const before = this.entries;
    this.entries = [...before, { kind: "said", text }];
    const signal = this.#begin(detached, undefined);
    try {
      await this.#take(await client.ask({ session, text, detached, reasoning, signal }));
      return true;
    } catch (cause) {
      // What was refused before anything was said of it was not said.
      if (this.answer === emptyAnswer) this.entries = before;
      this.#fail(cause);
      return this.entries !== before;
    }
  }

  /** Ends the run: a detached one does not end because its client leaves. */
  async stop() {
    const under = this.#under;
    if (under === undefined || this.#stopping) return;
    this.#stopping = true;
    this.#tell("Stopping");
    if (!under.detached) return under.leave.abort();
    const { client, session } = this.#parts;
    try {
      // Before its first word the call has not said which run it is.
      const run = under.run ?? (await client.findRunUnderWay(session))?.id;
      if (run !== undefined) return await client.cancelRun(run);
    } catch {
      // Then it can only be left.
    }
    under.leave.abort();
  }

  /** Looks away. A detached run goes on. */
  close() {
    this.#parts = { ...this.#parts, changed: () => undefined, follows: () => undefined };
    this.#under?.leave.abort();
  }

  async #load() {
    const stored = await this.#parts.client.listMessages(this.#parts.session);
    this.entries = stored.map(({ message }) => ({ kind: "stored", message }));
    this.#parts.changed();
  }

  /** @param {import("./gateway-client.js").Run | undefined} run */
  async #resume(run) {
    const { client, follows } = this.#parts;
    const isUnderWay = run?.state === "queued" || run?.state === "running";
    // Where sessions can be read, what has ended is in the transcript already.
    const isKnown = !isUnderWay && this.entries.length > 0;
    if (run === undefined || run.expired || !run.logged || isKnown) return follows(undefined);
    await this.#take(await client.follow(run.id, this.#begin(true, run.id)));
    // The run's own question is in the transcript only now.
    const [seen] = this.entries.slice(-1);
    await this.#load();
    if (this.entries.length === 0 && seen !== undefined) {
      this.entries = [seen];
      this.#parts.changed();
    }
  }

  /**
   * @param {boolean} detached
   * @param {string | undefined} run
   */
  #begin(detached, run) {
    const leave = new AbortController();
    this.#under = { leave, run, detached };
    this.#stopping = false;
    this.answer = emptyAnswer;
    this.problem = "";
    this.#tell("Answering");
    return leave.signal;
  }

  /** @param {import("./gateway-client.js").Stream} stream */
  async #take({ run, model, chunks }) {
    const { changed, follows } = this.#parts;
    if (this.#under !== undefined) {
      this.#under.run = run;
      if (this.#under.detached) follows(run);
    }
    if (model !== undefined) this.answer = { ...emptyAnswer, model };
    for await (const chunk of chunks) {
      this.answer = addChunk(this.answer ?? emptyAnswer, chunk);
      changed();
    }
    this.#end("Answered");
  }

  /** @param {unknown} cause */
  #fail(cause) {
    const problem = this.#stopping ? "Stopped." : cause instanceof Error ? cause.message : String(cause);
    const { answer } = this;
    const hasBegun = answer !== undefined && answer !== emptyAnswer;
    if (hasBegun) this.answer = { ...answer, problem };
    else this.problem = problem;
    this.#end(problem);
  }

  /** @param {string} status */
  #end(status) {
    const { answer } = this;
    if (answer !== undefined && answer !== emptyAnswer) this.entries = [...this.entries, { kind: "answer", answer }];
    this.answer = undefined;
    this.#under = undefined;
    this.#parts.follows(undefined);
    this.#tell(status);
  }

  /** @param {string} status */
  #tell(status) {
    this.status = status;
    this.#parts.changed();
  }
}
