import type { Subject } from "../reach/subject.ts";

/** What a program does with a client: one thing that people use it for, written as its documentation has it. */
export interface Use {
  /** Of its client, as in `stream` or `round trip`. */
  readonly name: string;
  /** The only groups and cases that it says something about. */
  readonly only?: string;
  /**
   * Does it and returns what the program would show its user: nothing that differs from call to call on a server that is
   * well. What it throws is shown too. What it has left open ends with the signal.
   */
  readonly run: (subject: Subject, signal: AbortSignal) => Promise<unknown>;
}

/** Whether it can say something about the case. */
export function isAbout({ only }: Use, id: string): boolean {
  return only === undefined || only.split(" ").some((name) => name === id || id.startsWith(`${name}-`));
}

/** A client of npm, in one version, and what it is used for here. */
export interface Client {
  /** `openai@7.57.0`. */
  readonly name: string;
  /** As a case says through which door it goes. */
  readonly door?: "websocket";
  readonly uses: readonly Use[];
}

/** More than any use needs on a server that answers. */
export const useMsMax = 5000;

/** What the user of the program sees, as one text. */
export async function see({ run }: Use, subject: Subject): Promise<string> {
  const { promise, reject } = Promise.withResolvers<never>();
  const controller = new AbortController();
  const timer = setTimeout(() => reject(new Error("nothing comes")), useMsMax);
  try {
    return JSON.stringify(await Promise.race([run(subject, controller.signal), promise])) ?? "nothing";
  } catch (error) {
    return `throws ${toThrown(error)}`;
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

/** The outcome of a call, for uses that make several. */
export async function settle(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => `throws ${toThrown(error)}`);
}

/** What applications look for in an error, without ids and times. */
function toThrown(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { status } = error as { status?: unknown };
  const shown = typeof status === "number" ? ` ${status}` : "";
  return `${error.constructor.name}${shown}: ${error.message.replaceAll(/req_\w+|call_\w+|127\.0\.0\.1:\d+|\d+ms/g, "…").slice(0, 200)}`;
}
