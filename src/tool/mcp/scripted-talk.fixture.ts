// What a scripted tool server answers: whatever its test says, word for word, and without the MCP library, which could
// not say most of it.

export interface Script {
  /** Whether it knows no greeting, as servers of 2026-07-28, or what it does when it is asked what it speaks. */
  readonly asked?: "answers" | "ends" | "says nothing";
  /** What stands in the answer to that question, besides what has to. */
  readonly discover?: object;
  /** The result of `initialize`, besides what every server says. */
  readonly initialize?: object;
  /** The results of `tools/list`, one after the other; the last one again and again. */
  readonly pages?: readonly unknown[];
  /** The tools of the only page, where there are no pages. */
  readonly tools?: readonly unknown[];
  /**
   * The result of each tool, besides `{ text: "done" }`; a function, where the server is in process, makes it of the
   * arguments, and refuses by throwing.
   */
  readonly results?: Readonly<Record<string, unknown>>;
  /** What stands beside, or instead of, `result` in the answer to a call. */
  readonly beside?: object;
}

interface Request {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: unknown;
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
}

/** A tool that nothing is wrong with. */
export const good = { name: "good", inputSchema: { type: "object", properties: {} } };

export const done = { content: [{ type: "text", text: "done" }] };

/** Undefined for what needs no answer. */
export function createTalk(script: Script): (request: Request) => object | undefined {
  const { tools = [good], pages = [{ tools }] } = script;
  let page = 0;
  const toResult = ({ method, params: { name = "", arguments: given } = {} }: Request): unknown => {
    if (method === "tools/list") {
      page += 1;
      return pages[Math.min(page, pages.length) - 1];
    }
    if (method === "tools/call") {
      const result = script.results !== undefined && name in script.results ? script.results[name] : done;
      return typeof result === "function" ? (result as (given: unknown) => unknown)(given) : result;
    }
    const serverInfo = { name: "scripted", version: "1" };
    return { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo, ...script.initialize };
  };
  const modern = script.asked === "answers" ? createModernTalk(script, toResult) : undefined;
  return (request) => {
    const { id, method } = request;
    if (id === undefined) return undefined;
    if (modern !== undefined) return modern(request);
    if (method === "server/discover" && script.asked === "ends") process.exit(1);
    if (method === "server/discover" && script.asked === "says nothing") return undefined;
    if (method !== "initialize" && method !== "tools/list" && method !== "tools/call") {
      return { jsonrpc: "2.0", id, error: { code: -32_601, message: "Method not found" } };
    }
    const head = { jsonrpc: "2.0", id };
    try {
      return { ...head, result: toResult(request), ...(method === "tools/call" ? script.beside : {}) };
    } catch (error) {
      return { ...head, error: { code: -32_602, message: (error as Error).message } };
    }
  };
}

/** As the revision 2026-07-28 wants it: no greeting, and every request says which revision it is of. */
function createModernTalk(
  script: Script,
  toResult: (request: Request) => unknown,
): (request: Request) => object | undefined {
  const discovered = {
    supportedVersions: ["2026-07-28"],
    capabilities: { tools: {} },
    ttlMs: 0,
    cacheScope: "private",
  };
  return (request) => {
    const { id, method, params: { _meta: meta } = {} } = request;
    const head = { jsonrpc: "2.0", id };
    if (meta?.["io.modelcontextprotocol/protocolVersion"] !== "2026-07-28") {
      const data = { supported: ["2026-07-28"], requested: "2025-06-18" };
      return { ...head, error: { code: -32_022, message: "Unsupported protocol version", data } };
    }
    if (method === "server/discover") {
      return { ...head, result: { resultType: "complete", ...discovered, ...script.discover } };
    }
    if (method !== "tools/list" && method !== "tools/call") {
      return { ...head, error: { code: -32_601, message: "Method not found" } };
    }
    const result = toResult(request);
    const isPlain = typeof result === "object" && result !== null && !Array.isArray(result);
    return { ...head, result: isPlain ? { resultType: "complete", ...result } : result };
  };
}
