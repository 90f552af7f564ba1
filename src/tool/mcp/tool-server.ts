import type { ToolResult, ToolServerReport, TraceHeaders } from "../tool-set.ts";
import type { ToolArguments } from "./parse-arguments.ts";
import type { Connection, ConnectionOptions } from "./connection.ts";
import { toAdvice } from "./advice.ts";
import { startTimeLimit, waitFor } from "../../outbound/time-limit.ts";
import { cutText, toToolResult } from "./output.ts";
import { createReconnectPause } from "./reconnect-pause.ts";
import { toCause, ToolFailure } from "./tool-failure.ts";
import type { Offer } from "./tool-list.ts";
import type { OfferedTool } from "./tool-page.ts";

/** One server of the configuration, connected or not. */
export interface ToolServer {
  /** What it offers; nothing if it cannot be reached now. Throws only the signal's reason. */
  list(signal: AbortSignal): Promise<readonly OfferedTool[]>;
  /** Whatever goes wrong but the signal's abort, whose reason it throws, is a failed result. */
  call(tool: OfferedTool, args: ToolArguments, signal: AbortSignal, trace?: TraceHeaders): Promise<ToolResult>;
  /** Connects, if it is not connected, and tells what there is. Always resolves. */
  examine(): Promise<ToolServerReport>;
  /** Always resolves. */
  stop(): Promise<void>;
}

/** How much of the name of a tool that cannot be used is worth a line of the log. */
const nameLengthMax = 100;

/** Always the same list, so that whoever compares sees no change. */
const noTools: readonly OfferedTool[] = [];

export function createToolServer(options: ConnectionOptions): ToolServer {
  const { name, config, log } = options;
  const pause = createReconnectPause();
  const stopping = new AbortController();
  const ends = new Set<Promise<void>>();
  const owner = {
    stopping: stopping.signal,
    ended(end: Promise<void>) {
      ends.add(end);
      void end.then(() => ends.delete(end));
    },
    heard(words: string) {
      lastWords = words;
    },
  };
  let lastWords: string | undefined;
  const warned = new Set<string>();
  /** Known from the connection before; else each new one would ask again. */
  let isEarlier = false;
  let connection: Connection | undefined;
  let attempt: Promise<Connection> | undefined;

  /** The one connection that all share, or the one attempt to get it. */
  function getConnection(): Promise<Connection> {
    if (connection?.isOpen() === true) return Promise.resolve(connection);
    if (attempt !== undefined) return attempt;
    if (stopping.signal.aborted || !pause.isOver()) {
      return Promise.reject(new ToolFailure(`The tool server '${name}' cannot be reached now.`));
    }
    attempt = reconnect().finally(() => {
      attempt = undefined;
    });
    return attempt;
  }

  async function reconnect(): Promise<Connection> {
    // Only now: the library takes a third of a second to load, and most gateways have no tools.
    const { connect } = await import("./connection.ts");
    const deadline = startTimeLimit(config.connectMs, stopping.signal);
    lastWords = undefined;
    try {
      connection = await connect(options, deadline.signal, owner, isEarlier);
      ({ isEarlier } = connection);
      pause.reset();
      return connection;
    } catch (cause) {
      // What the program says of itself may be a secret, and is in no log.
      const remedy = toAdvice({ name, config, cause, lastWords: undefined });
      if (!stopping.signal.aborted) log.warn({ cause: toCause(cause), remedy }, "tool server cannot be reached");
      isEarlier = false;
      pause.extend();
      throw new ToolFailure(`The tool server '${name}' cannot be reached now.`, { cause });
    } finally {
      deadline.stop();
    }
  }

  async function callOnce(
    tool: OfferedTool,
    args: ToolArguments,
    signal: AbortSignal,
    trace?: TraceHeaders,
  ): Promise<ToolResult> {
    const current = await waitFor(getConnection(), signal);
    return toToolResult(await current.call(tool, args, signal, trace), config.outputBytesMax);
  }

  /** Once for each thing that cannot be used, however often it is listed. */
  function warn({ leftOut }: Offer): void {
    for (const { tool, field, why } of leftOut) {
      const told = tool === undefined ? "list of tools is not read whole" : "tool is left out";
      const key = JSON.stringify([tool, field, why]);
      if (!warned.has(key)) log.warn({ tool: tool?.slice(0, nameLengthMax), field, cause: why }, told);
      warned.add(key);
    }
  }

  return {
    async list(signal) {
      try {
        const offer = (await waitFor(getConnection(), signal)).offer();
        warn(offer);
        return offer.tools;
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof ToolFailure) return noTools;
        throw cause;
      }
    },
    async call(tool, args, signal, trace) {
      const deadline = startTimeLimit(config.timeoutMs, signal);
      try {
        return await callOnce(tool, args, deadline.signal, trace).catch((cause: unknown) => {
          if (!(cause instanceof ToolFailure) || !cause.again || deadline.signal.aborted) throw cause;
          return callOnce(tool, args, deadline.signal, trace);
        });
      } catch (cause) {
        signal.throwIfAborted();
        if (deadline.isOver()) return { text: `The call timed out after ${config.timeoutMs} ms.`, failed: true };
        if (!(cause instanceof ToolFailure)) throw cause;
        return { text: cutText(cause.message, config.outputBytesMax), failed: true };
      } finally {
        deadline.stop();
      }
    },
    async examine() {
      try {
        const current = await getConnection();
        const { tools, leftOut } = current.offer();
        const names = tools.map((tool) => tool.name);
        return { name, revision: current.revision, tools: names, leftOut, failure: undefined };
      } catch (failure) {
        const cause = failure instanceof ToolFailure ? failure.cause : failure;
        // A program that ends may be noticed before its last words are.
        await Promise.all(ends);
        const advice = toAdvice({ name, config, cause, lastWords });
        return { name, revision: undefined, tools: [], leftOut: [], failure: advice };
      }
    },
    async stop() {
      stopping.abort(new Error("stopping"));
      await attempt?.catch(() => undefined);
      await Promise.all(ends);
    },
  };
}
