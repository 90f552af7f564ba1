import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import {
  type JSONRPCMessage,
  parseJSONRPCMessage,
  serializeMessage,
  type Transport,
} from "@modelcontextprotocol/client";
import { getDefaultEnvironment } from "@modelcontextprotocol/client/stdio";
import { countCommas } from "../../base/json-text.ts";
import type { Log } from "../../base/log.ts";
import { createIntake } from "./intake.ts";
import { findLastWords } from "./last-words.ts";
import { messageBytesMax, messageValuesMax } from "./limits.ts";
import { createLineReader } from "./line-reader.ts";
import { createNoise } from "./noise.ts";
import { endGroup, ownGroup } from "./process-group.ts";
import { toCause } from "./tool-failure.ts";

/** How long after the end of a program its last words are waited for, if something else holds its output open. */
const lastWordsMs = 200;

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Besides what the MCP library holds to be safe to pass on: `PATH`, `HOME` and a few more. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/**
 * Talks to a program by lines of JSON. Unlike the library's own transport it ends the program's children too, notices
 * the end of the program at once, reads long lines in linear time, and survives whatever else is printed.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #program: Program;
  readonly #log: Log;
  readonly #heard: (words: string) => void;
  readonly #intake = createIntake();
  #child: ChildProcessWithoutNullStreams | undefined;
  #ending: Promise<void> | undefined;
  #closed = false;

  /** `heard` is told of a line of whatever the program writes besides the protocol. */
  constructor(program: Program, log: Log, heard: (words: string) => void) {
    this.#program = program;
    this.#heard = heard;
    this.#log = log;
  }

  /** The library takes a transport with these two for one of a program, which may be silent to a question. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get stderr(): undefined {
    return undefined;
  }

  async start(): Promise<void> {
    if (this.#closed) throw new Error("closed before the start");
    const { command, args, env, cwd } = this.#program;
    const child = spawn(command, args, {
      cwd,
      env: { ...getDefaultEnvironment(), ...env },
      stdio: "pipe",
      detached: ownGroup,
      windowsHide: true,
    });
    this.#child = child;
    for (const source of [child, child.stdin, child.stdout, child.stderr]) {
      source.on("error", (error: Error) => this.onerror?.(error));
    }
    this.#listen(child);
    child.once("exit", () => {
      void this.#end(child);
      setTimeout(() => void this.close(), lastWordsMs).unref();
    });
    child.once("close", () => this.#announceEnd());
    await once(child, "spawn");
  }

  #listen(child: ChildProcessWithoutNullStreams): void {
    const noteGarbage = createNoise(this.#log, "stdout");
    const noteError = createNoise(this.#log, "stderr");
    const read = createLineReader(messageBytesMax, (line) => {
      if (countCommas(line, messageValuesMax) > messageValuesMax)
        throw new Error(`a message of more than ${messageValuesMax} values`);
      const messages = this.#toMessages(line);
      if (messages.length === 0) noteGarbage(line);
      for (const message of messages) this.onmessage?.(message);
    });
    child.stdout.on("data", (chunk: Buffer) => {
      if (this.#closed) return;
      try {
        read(chunk);
      } catch (cause) {
        this.#log.warn({ cause: toCause(cause) }, "tool server is ended, since what it writes cannot be a message");
        void this.close();
      }
    });
    child.stderr.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      noteError(text);
      const words = findLastWords(text);
      if (words !== undefined) this.#heard(words);
    });
  }

  /** None for what is no message: programs print banners, warnings and prompts. */
  #toMessages(line: string): JSONRPCMessage[] {
    try {
      const admitted = this.#intake.admit(parseLine(line));
      return (Array.isArray(admitted) ? admitted : [admitted]).map(parseJSONRPCMessage);
    } catch {
      return [];
    }
  }

  send(message: JSONRPCMessage): Promise<void> {
    this.#intake.note(message);
    const stdin = this.#child?.stdin;
    return new Promise((resolve, reject) => {
      if (stdin === undefined || !stdin.writable) reject(new Error("The program has ended."));
      else stdin.write(serializeMessage(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Resolves when the program and all that it started have ended. */
  async close(): Promise<void> {
    this.#announceEnd();
    const child = this.#child;
    if (child === undefined) return;
    await this.#end(child);
    // Something that has left the group may hold the other ends.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  }

  #end(child: ChildProcessWithoutNullStreams): Promise<void> {
    child.stdin.end();
    this.#ending ??= endGroup(child);
    return this.#ending;
  }

  /** Whoever waits for an answer need not wait for the end of the program too. */
  #announceEnd(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onclose?.();
  }
}

/** What terminals are told, a prompt, or a byte order mark; words would be a log of messages and no message. */
// oxlint-disable-next-line no-control-regex -- programs write them
const beforeMessage = /^(?:\u001b\[[\d;?]*[a-z]|[^\w{["'])+/i;

function parseLine(line: string): unknown {
  return JSON.parse(line.replace(beforeMessage, ""));
}
