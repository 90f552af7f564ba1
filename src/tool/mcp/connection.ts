import { resolve } from "node:path";
import { type CallToolResult, Client, type Tool } from "@modelcontextprotocol/client";
import type { ToolServerConfig } from "../../base/contract.ts";
import type { Log } from "../../base/log.ts";
import type { ToolArguments } from "./parse-arguments.ts";
import { isLost, toToolFailure } from "./call-errors.ts";
import { waitFor } from "../../outbound/time-limit.ts";
import { HttpTransport } from "./http-transport.ts";
import { listPagesMax } from "./limits.ts";
import { createNoise } from "./noise.ts";
import { StdioTransport } from "./stdio-transport.ts";
import { toCause } from "./tool-failure.ts";

/** The library has a clock for each request; the signals that requests are given are the only ones here. */
const never = 2 ** 31 - 1;

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
  /** What the server offers; follows the changes that it announces. */
  tools(): readonly Tool[];
  /** False once it has ended, or has shown that the next call should have another. */
  isOpen(): boolean;
  /** Throws `ToolFailure`. When `signal` aborts, the server is told, and the error means nothing. */
  call(tool: string, args: ToolArguments, signal: AbortSignal): Promise<CallToolResult>;
}

/** Who answers for the end of connections: one that was lost may still have to be cleared away. */
export interface Owner {
  /** Ends every connection, whatever it is doing. */
  readonly stopping: AbortSignal;
  /** Is told of the end of each connection as it begins. It always resolves. */
  ended(end: Promise<void>): void;
}

/** Throws what went wrong, or the signal's reason. */
export async function connect(options: ConnectionOptions, signal: AbortSignal, owner: Owner): Promise<Connection> {
  const transport = createTransport(options);
  const state: State = { open: true, calls: 0, tools: [] };
  let closing = false;
  const close = (): void => {
    state.open = false;
    if (closing) return;
    closing = true;
    owner.stopping.removeEventListener("abort", close);
    const fail = (error: unknown): void => options.log.warn({ cause: toCause(error) }, "tool server not ended");
    owner.ended(transport.close().catch(fail));
  };
  owner.stopping.addEventListener("abort", close);
  const client = createClient(options, state, close);
  try {
    state.tools = await waitFor(initialise(client, transport, signal), signal);
  } catch (cause) {
    close();
    throw cause;
  }
  return {
    tools: () => state.tools,
    isOpen: () => state.open,
    async call(tool, args, callSignal) {
      state.calls += 1;
      try {
        return await request(client, tool, args, callSignal);
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
  tools: readonly Tool[];
}

function createClient({ version, log }: ConnectionOptions, state: State, close: () => void): Client {
  const onChanged = (error: Error | null, changed: Tool[] | null): void => {
    if (changed !== null) state.tools = changed;
    else if (state.open) log.warn({ cause: toCause(error) }, "changed list of a tool server not read");
  };
  const client = new Client(
    { name: "clawgate", version },
    { listMaxPages: listPagesMax, listChanged: { tools: { onChanged } } },
  );
  const note = createNoise(log, "protocol");
  /* oxlint-disable unicorn/prefer-add-event-listener -- the library has nothing else */
  client.onerror = (error) => note(toCause(error));
  client.onclose = close;
  /* oxlint-enable unicorn/prefer-add-event-listener */
  return client;
}

/** Not `callTool`: that compiles the server's output schemas, and refuses results that do not fit them. */
function request(client: Client, tool: string, args: ToolArguments, signal: AbortSignal): Promise<CallToolResult> {
  const params = { name: tool, arguments: { ...args } };
  return client.request({ method: "tools/call", params }, { signal, timeout: never });
}

function createTransport({ config, folder, log }: ConnectionOptions): HttpTransport | StdioTransport {
  const { url, command = "", args, env, cwd = ".", headers, connectMs } = config;
  if (url !== undefined) return new HttpTransport({ url, headers, connectMs });
  return new StdioTransport({ command, args, env, cwd: resolve(folder, cwd) }, log);
}

async function initialise(
  client: Client,
  transport: HttpTransport | StdioTransport,
  signal: AbortSignal,
): Promise<readonly Tool[]> {
  await client.connect(transport, { signal, timeout: never });
  // The library would say so on standard output.
  if (client.getServerCapabilities()?.tools === undefined) return [];
  const { tools } = await client.listTools(undefined, { signal, timeout: never });
  return tools;
}
