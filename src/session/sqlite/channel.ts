import { randomUUID } from "node:crypto";
import type { EventEmitter } from "node:events";
import { Worker } from "node:worker_threads";
import { GatewayError } from "../../base/errors.ts";
import { toError, toStartError } from "./store-error.ts";
import type { Answer, FromWorker, OperationName, ReplyOf, RequestOf, ToWorker, WorkerOptions } from "./protocol.ts";

/** Far above what the gateway's own limits let in; beyond it, the disk has stopped and memory must not fill. */
const pendingCallsMax = 10_000;

// From a checkout this file is TypeScript, and so is the worker; in the published package both are JavaScript.
const workerUrl = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/** The end of a thread that its store holds: messages, and `error` or `exit` once it is gone. */
export type StoreThread = Pick<Worker, "postMessage" | "ref" | "unref" | "terminate"> & Pick<EventEmitter, "on">;

/** Starts a thread, or has one, that serves this store: see `serveStore`. */
export type StartThread = (options: WorkerOptions) => StoreThread;

const startThread: StartThread = (options) => new Worker(workerUrl, { workerData: options, name: "session-store" });

interface Pending {
  resolve(reply: ReplyOf<OperationName>): void;
  reject(error: Error): void;
}

/**
 * Calls to the worker thread. A call rejects with its own error, or with `storage_unavailable` when the worker is gone
 * (as all later ones do); it never hangs. The worker keeps the process alive only while a call is pending.
 */
export class Channel {
  readonly #worker: StoreThread;
  readonly #path: string;
  readonly #pending = new Map<number, Pending>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  #lastId = 0;
  /** Why the worker ended, unless it was asked to. */
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Resolves when the database is open. Rejects with `storage_unavailable` if it cannot be opened; the message names the
   * file, and is for whoever has started it.
   */
  static async start(path: string, start = startThread): Promise<Channel> {
    const channel = new Channel(start({ path, id: randomUUID() }), path);
    await channel.#ready.promise;
    channel.#worker.unref();
    return channel;
  }

  private constructor(worker: StoreThread, path: string) {
    this.#worker = worker;
    this.#path = path;
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("messageerror", (error: Error) => this.#fail(error));
    this.#worker.on("error", (error: Error) => this.#fail(error));
    this.#worker.on("exit", (code: number) => {
      const isAsked = this.#closing !== undefined && code === 0 && this.#pending.size === 0;
      if (!isAsked) this.#fail(new Error(`The worker thread of the session store ended with code ${code}.`));
      this.#exited.resolve();
    });
  }

  call<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ReplyOf<Name>> {
    const obstacle = this.#toObstacle();
    if (obstacle !== undefined) return Promise.reject(toStorageError(obstacle));
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<ReplyOf<OperationName>>();
    if (this.#pending.size === 0) this.#worker.ref();
    this.#pending.set(id, { resolve, reject });
    // The request belongs to the name, as the parameters say; a generic pair is not assignable to a union of pairs.
    this.#post({ id, name, request } as ToWorker);
    return promise;
  }

  /** Finishes the calls that are pending, then ends the worker. Rejects if the worker has failed, now or before. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#failure === undefined) {
      this.#worker.ref();
      this.#post({ name: "close" });
    }
    await this.#exited.promise;
    if (this.#failure !== undefined) throw toStorageError(this.#failure);
  }

  #toObstacle(): Error | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#closing !== undefined) return new Error("The session store is closed.");
    if (this.#pending.size >= pendingCallsMax) return new Error(`${pendingCallsMax} calls wait for the disk.`);
    return undefined;
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        return this.#ready.resolve();
      case "refused":
        return this.#ready.reject(toStartError(message.failure, this.#path));
      case "answers":
        for (const answer of message.answers) this.#settle(answer);
        if (this.#pending.size === 0 && this.#closing === undefined) this.#worker.unref();
    }
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.ok) pending?.resolve(answer.reply);
    else pending?.reject(toError(answer.failure, this.#path));
  }

  #fail(cause: Error): void {
    this.#failure ??= cause;
    void this.#worker.terminate();
    this.#ready.reject(toStorageError(cause));
    for (const pending of this.#pending.values()) pending.reject(toStorageError(cause));
    this.#pending.clear();
  }
}

function toStorageError(cause: unknown): GatewayError {
  return new GatewayError("storage_unavailable", "The session store is not available.", { cause });
}
