import { Worker } from "node:worker_threads";
import { GatewayError } from "../base/errors.ts";
import { createThreadClock } from "./thread-clock.ts";

/** What shall be found out. */
export interface ToCheck {
  /** As JSON. Without it, any object will do. */
  readonly schema?: string;
  /** Without it, only whether the schema can be used. */
  readonly text?: string;
}

export type Checked =
  | { readonly unusable: true }
  | {
      /** A sentence; undefined if the text fits. */
      readonly misfit: string | undefined;
    };

/** More of them would wait longer than any client does. */
const waitingMax = 100;
/** A schema that needs more is no schema that anybody wrote. */
const memoryMbMax = 256;

/** What the thread says when it is ready, and of each check. */
export interface Told {
  /** Of its CPU, all in all. */
  readonly cpuMs: number;
  readonly checked?: Checked;
}

// From a checkout this file is TypeScript, and so is the worker; in the published package both are JavaScript.
const workerUrl = new URL(
  import.meta.url.endsWith(".ts") ? "./json-check-worker.ts" : "./json-check-worker.js",
  import.meta.url,
);

interface Job {
  readonly toCheck: ToCheck;
  /** Undefined if it took too long. */
  readonly resolve: (checked: Checked | undefined) => void;
}

/** One check at a time, each with its own clock: the one before it does not count. */
const waiting: Job[] = [];
let current: Job | undefined;
/** Of the whole process: it remembers nothing of whom it works for. Made when it is first needed. */
let thread: Thread | undefined;

/**
 * Checks a text or a schema in a thread beside the event loop. Resolves to undefined for what takes too long; then the
 * thread is ended, and the next check gets another. Throws `overloaded` if too many wait.
 */
export function checkJson(toCheck: ToCheck): Promise<Checked | undefined> {
  if (waiting.length >= waitingMax)
    throw new GatewayError("overloaded", "Too many answers wait for the check of their form.");
  return new Promise((resolve) => {
    waiting.push({ toCheck, resolve });
    next();
  });
}

function next(): void {
  const job = current === undefined ? waiting.shift() : undefined;
  if (job === undefined) return;
  current = job;
  thread ??= startThread();
  thread.run(job.toCheck, (checked, isAlive) => {
    if (!isAlive) thread = undefined;
    current = undefined;
    job.resolve(checked);
    next();
  });
}

type Done = (checked: Checked | undefined, isAlive: boolean) => void;

interface Thread {
  run(toCheck: ToCheck, done: Done): void;
}

function startThread(): Thread {
  const worker = new Worker(workerUrl, {
    name: "json-check",
    resourceLimits: { maxOldGenerationSizeMb: memoryMbMax },
  });
  // A gateway that has nothing else to do may end.
  worker.unref();
  let isReady = false;
  let cpuMsBefore = 0;
  let asked: ToCheck | undefined;
  let done: Done | undefined;
  const end = (checked: Checked | undefined, isAlive: boolean): void => {
    clock.stop();
    worker.unref();
    const tell = done;
    done = undefined;
    tell?.(checked, isAlive);
  };
  const kill = (): void => {
    void worker.terminate();
    end(undefined, false);
  };
  // A pattern of a client's schema may take for ever on a text of the model, and its compilation as well.
  const clock = createThreadClock(worker, kill);
  // What it takes to load the compiler is nobody's fault.
  const begin = (): void => {
    if (!isReady || asked === undefined) return;
    worker.postMessage(asked);
    asked = undefined;
    clock.start(cpuMsBefore);
  };
  worker.on("message", ({ cpuMs, checked }: Told) => {
    cpuMsBefore = cpuMs;
    if (checked !== undefined) return end(checked, true);
    isReady = true;
    begin();
  });
  // It has run out of memory.
  worker.on("error", kill);
  return {
    run(toCheck, onDone) {
      worker.ref();
      asked = toCheck;
      done = onDone;
      begin();
    },
  };
}
