import type { FunctionTool } from "../base/contract.ts";

export interface RawMedium {
  readonly type: "image" | "audio";
  readonly mimeType: string;
  readonly data: string;
}

/** What a tool has given back; a failure too is text that the model reads. */
export interface ToolResult {
  /** Names each of the media where it stands. */
  readonly text: string;
  /** As they came, in base64, and not yet looked at. */
  readonly media?: readonly RawMedium[];
  readonly failed: boolean;
}

/** What names the span of a call to the tool's server, as headers of HTTP would. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** The tools that one agent may use inside the gateway, for one run. */
export interface ToolSet {
  /** As the model sees them; the names are unique. */
  readonly tools: readonly FunctionTool[];
  /**
   * Whether a name is one of them, or could be one of a server that is away just now: a model that remembers it from
   * earlier turns may still call it, and no client would know what to do with that.
   */
  owns(name: string): boolean;
  /** Its server's name and its own name there; of one that is not there now, the name that the model gave, cut. */
  find(name: string): { readonly server?: string; readonly tool: string };
  /**
   * Runs one call. `args` is the JSON text that the model wrote. What goes wrong in the tool, its server or the
   * arguments is a failed result, within the tool's own time; only the signal's abort makes it throw, the signal's reason.
   */
  call(name: string, args: string, signal: AbortSignal, trace?: TraceHeaders): Promise<ToolResult>;
}

/** Something of a list of tools that cannot be used. */
export interface LeftOut {
  /** The tool's name, or its place in the list if it has none; undefined for the list itself. */
  readonly tool: string | undefined;
  readonly field: string;
  /** Follows the field. */
  readonly why: string;
}

/** A tool server as its operator sees it. */
export interface ToolServerReport {
  readonly name: string;
  /** Of the protocol that it speaks. */
  readonly revision: string | undefined;
  /** The server's own names. */
  readonly tools: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** Why it cannot be reached, and what to do. */
  readonly failure: string | undefined;
}

/** Tool servers, connected when they are first needed and shared by all agents. */
export interface ToolServers {
  /**
   * The tools that `grants` allows: the names of servers, each with the names of its tools or `*`. A server that cannot
   * be reached gives no tools, is logged, and is tried again by a later run. Throws only the signal's reason.
   */
  open(grants: Readonly<Record<string, readonly string[]>>, signal: AbortSignal): Promise<ToolSet>;
  /** Ends the connections and the programs. */
  stop(): Promise<void>;
}
