import { resolve } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import type { TraceHeaders } from "../tool-set.ts";
import type { ToolServerConfig } from "../../base/contract.ts";
import type { Log } from "../../base/log.ts";
import type { ToolArguments } from "./parse-arguments.ts";
import { isLost, toToolFailure } from "./call-errors.ts";
import { waitFor } from "../../outbound/time-limit.ts";
import { followChanges } from "./follow-changes.ts";
import { HttpTransport } from "./http-transport.ts";
import { openResult } from "./intake.ts";
import { createNoise } from "./noise.ts";
import { type Revisions, toFirstTry, toNextTry } from "./revisions.ts";
import { StdioTransport } from "./stdio-transport.ts";
import { toCause } from "./tool-failure.ts";
import { type Offer, readToolList } from "./tool-list.ts";
import type { OfferedTool } from "./tool-page.ts";

/** The library has a clock for each request; the signals that requests are given are the only ones here. */
const never = 2 ** 31 - 1;
/** How long a server may take to tell its tools again. */
const changedMs = 60_000;

export interface ConnectionOptions {
  readonly name: string;
  readonly config: ToolServerConfig;
  /** What `cwd` is relative to. */
  readonly folder: string;
  readonly version: string;
  readonly log: Log;
}

/**
 * An initialised connection to one server, for any number of calls at the same time. It ends by itself when it is lost,
 * and the program with it if it is one.
 */
export interface Connection {
  /** Whether it was greeted in the way of the revisions before 2026-07-28. */
  readonly isEarlier: boolean;
  /** Of the protocol that both speak. */
  readonly revision: string | undefined;
  /** What the server offers; follows the changes that it announces. */
  offer(): Offer;
  /** False once it has ended, or has shown that the next call should have another. */
  isOpen(): boolean;
  /** What the server has answered, whatever that is. Throws `ToolFailure`. When `signal` aborts, the server is told, and the error means nothing. */
  call(tool: OfferedTool, args: ToolArguments, signal: AbortSignal, trace?: TraceHeaders): Promise<unknown>;
}

/** Who answers for the end of connections: one that was lost may still have to be cleared away. */
export interface Owner {
  /** Ends every connection, whatever it is doing. */
  readonly stopping: AbortSignal;
  /** Is told of the end of each connection as it begins. It always resolves. */
  ended(end: Promise<void>): void;
  /** Is told of each line that a program writes about itself. */
  heard(words: string): void;
}

/**
 * Connects in the revision that the server speaks. `isEarlier` says that it is known to speak none that is asked for
 * with `server/discover`. Throws what went wrong, or the signal's reason.
 */
export async function connect(
  options: ConnectionOptions,
  signal: AbortSignal,
  owner: Owner,
  isEarlier: boolean,
): Promise<Connection> {
  const { config } = options;
  let revisions: Revisions | undefined = isEarlier ? { mode: "legacy" } : toFirstTry(config);
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- each try is for what the one before has met
      return await connectOnce(options, signal, owner, revisions);
    } catch (cause) {
      signal.throwIfAborted();
      revisions = toNextTry(cause, revisions, config);
      if (revisions === undefined) throw cause;
    }
  }
}

async function connectOnce(
  options: ConnectionOptions,
  signal: AbortSignal,
  owner: Owner,
  revisions: Revisions,
): Promise<Connection> {
  const transport = createTransport(options, owner);
  const state: State = { open: true, calls: 0, offer: noOffer };
  const ended = new AbortController();
  let closing = false;
  const close = (): void => {
    state.open = false;
    if (closing) return;
    closing = true;
    ended.abort();
    owner.stopping.removeEventListener("abort", close);
    const fail = (error: unknown): void => options.log.warn({ cause: toCause(error) }, "tool server not ended");
    owner.ended(transport.close().catch(fail));
  };
  owner.stopping.addEventListener("abort", close);
  const client = createClient(options, revisions, close);
  try {
    await waitFor(client.connect(transport, { signal, timeout: never }), signal);
    state.offer = await list(client, signal);
    followChanges(client, { read: () => readAgain(client, state, options.log), ended: ended.signal });
  } catch (cause) {
    close();
    throw cause;
  }
  return {
    isEarlier: client.getProtocolEra() === "legacy",
    revision: client.getNegotiatedProtocolVersion(),
    offer: () => state.offer,
    isOpen: () => state.open,
    async call(tool, args, callSignal, trace) {
      state.calls += 1;
      try {
        return await request(client, tool, { args, trace }, callSignal);
      } catch (cause) {
        if (isLost(cause)) state.open = false;
        throw toToolFailure(cause, options.name);
      } finally {
        state.calls -= 1;
        // Not before: whether the other calls are lost too is theirs to find out.
        if (!state.open && state.calls === 0) close();
      }
    },
  };
}

interface State {
  open: boolean;
  /** How many have no answer yet. */
  calls: number;
  offer: Offer;
}

const noOffer: Offer = { tools: [], leftOut: [] };

async function readAgain(client: Client, state: State, log: Log): Promise<void> {
  try {
    state.offer = await list(client, AbortSignal.timeout(changedMs));
  } catch (error) {
    if (state.open) log.warn({ cause: toCause(error) }, "changed list of a tool server not read");
  }
}

function createClient({ version, log }: ConnectionOptions, revisions: Revisions, close: () => void): Client {
  const client = new Client({ name: "clawgate", version }, { versionNegotiation: revisions });
  const note = createNoise(log, "protocol");
  /* oxlint-disable unicorn/prefer-add-event-listener -- the library has nothing else */
  client.onerror = (error) => note(toCause(error));
  client.onclose = close;
  /* oxlint-enable unicorn/prefer-add-event-listener */
  return client;
}

type CallToolOptions = NonNullable<Parameters<Client["callTool"]>[1]>;

/** The schema of the arguments says which of them go into HTTP headers too; that of the result is not asked for. */
async function request(
  client: Client,
  tool: OfferedTool,
  { args, trace }: { readonly args: ToolArguments; readonly trace: TraceHeaders | undefined },
  signal: AbortSignal,
): Promise<unknown> {
  // The two declare the same open set of JSON schemas, each for itself.
  const inputSchema = tool.parameters as NonNullable<CallToolOptions["toolDefinition"]>["inputSchema"];
  const toolDefinition = { name: tool.name, inputSchema };
  // As OpenTelemetry's conventions for the protocol say, over every transport.
  const meta = trace === undefined ? {} : { _meta: { ...trace } };
  const params = { name: tool.name, arguments: { ...args }, ...meta };
  return openResult(await client.callTool(params, { signal, timeout: never, toolDefinition }));
}

function createTransport({ config, folder, log }: ConnectionOptions, owner: Owner): HttpTransport | StdioTransport {
  const { url, command = "", args, env, cwd = ".", headers, connectMs } = config;
  if (url !== undefined) return new HttpTransport({ url, headers, connectMs });
  return new StdioTransport({ command, args, env, cwd: resolve(folder, cwd) }, log, (words) => owner.heard(words));
}

/** Many servers have tools and announce none, so all are asked. */
async function list(client: Client, signal: AbortSignal): Promise<Offer> {
  try {
    return await readList(client, signal);
  } catch (cause) {
    // Servers answer differently when they are asked for what they do not have.
    const announced = client.getServerCapabilities()?.tools !== undefined;
    if (announced || signal.aborted || isLost(cause)) throw cause;
    return noOffer;
  }
}

function readList(client: Client, signal: AbortSignal): Promise<Offer> {
  return readToolList(async (cursor) => {
    const params = cursor === undefined ? {} : { cursor };
    try {
      return openResult(await client.request({ method: "tools/list", params }, { signal, timeout: never }));
    } catch (cause) {
      // The library's own error has the reason's text alone.
      signal.throwIfAborted();
      throw cause;
    }
  });
}
