import type { JSONRPCMessage } from "@modelcontextprotocol/client";
import { isObject, type JsonObject } from "./json-object.ts";

/** Where a result that came lies in the one that the library is given. */
const resultKey = "clawgate/result";

/** What a server says, before the library sees it. */
export interface Intake {
  /** Is told of each message that goes out: an answer does not say what it answers. */
  note(message: JSONRPCMessage): void;
  /** One message of the server, or several, as the library takes them; what is none is given back as it is. */
  admit(value: unknown): unknown;
}

/**
 * The library checks whatever it is told strictly, and refuses the whole for one `null` or one new word. So of the
 * handshake it is told what is used of it, and a list of tools or a result of a call comes to it in an envelope that it
 * takes, to be opened by `openResult` and read by the rules of this gateway. A null is absent wherever it is not a value.
 */
export function createIntake(): Intake {
  /** Of each request that has no answer yet. */
  const methods = new Map<string, string>();
  const admitOne = (value: unknown): unknown => {
    if (!isObject(value)) return value;
    if (typeof value["method"] === "string") return withoutNulls(value);
    const id = String(value["id"]);
    const method = methods.get(id);
    if (method === undefined) return withoutNulls(value);
    methods.delete(id);
    return toReply(method, value);
  };
  return {
    note(message) {
      if (!("method" in message)) return;
      if ("id" in message) methods.set(String(message.id), message.method);
      else if (message.method === "notifications/cancelled") methods.delete(String(message.params?.["requestId"]));
    },
    admit: (value) => (Array.isArray(value) ? value.map(admitOne) : admitOne(value)),
  };
}

/** What came for a list of tools or a call, out of its envelope. */
export function openResult(given: { readonly _meta?: JsonObject | undefined }): unknown {
  const { _meta: meta } = given;
  return meta?.[resultKey];
}

/** Servers write the half that does not apply as null, leave `jsonrpc` out, or add keys of their own. */
function toReply(method: string, { id, result, error }: JsonObject): JsonObject {
  const head = { jsonrpc: "2.0", id };
  return error == null ? { ...head, result: toResult(method, result) } : { ...head, error: toError(error) };
}

function toResult(method: string, result: unknown): unknown {
  switch (method) {
    case "initialize":
      return toHandshake(result);
    case "server/discover":
      return toDiscovery(result);
    case "tools/list":
      return { ...envelope(result), ttlMs: 0, cacheScope: "private", tools: [] };
    case "tools/call":
      // What a tool asks for in the middle of its work is the library's to answer.
      return isObject(result) && result["resultType"] === "input_required"
        ? result
        : { ...envelope(result), content: [] };
    default:
      return isObject(result) ? withoutNulls(result) : {};
  }
}

function envelope(result: unknown): JsonObject {
  return { resultType: "complete", _meta: { [resultKey]: result } };
}

function toHandshake(result: unknown): unknown {
  if (!isObject(result)) return result;
  const { protocolVersion, capabilities, serverInfo } = result;
  return {
    protocolVersion: typeof protocolVersion === "string" ? protocolVersion : oldestRevision,
    capabilities: toCapabilities(capabilities),
    serverInfo: toServerInfo(serverInfo),
  };
}

/** Without its list of revisions it is no answer of a server that knows the question. */
function toDiscovery(result: unknown): unknown {
  if (!isObject(result) || !Array.isArray(result["supportedVersions"])) return result;
  const { supportedVersions, capabilities } = result;
  const versions = supportedVersions.filter((version) => typeof version === "string");
  const head = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
  return { ...head, supportedVersions: versions, capabilities: toCapabilities(capabilities) };
}

/** Who does not say which revision of the protocol it speaks is taken to speak the first. */
const oldestRevision = "2024-11-05";

/** The one capability that is used. */
function toCapabilities(given: unknown): JsonObject {
  const tools = isObject(given) ? given["tools"] : undefined;
  if (tools == null || tools === false) return {};
  return { tools: isObject(tools) && tools["listChanged"] === true ? { listChanged: true } : {} };
}

function toServerInfo(given: unknown): JsonObject {
  const { name, version } = isObject(given) ? given : {};
  return { name: typeof name === "string" ? name : "", version: typeof version === "string" ? version : "" };
}

/** A failure that is only a text, or has no code, is one nevertheless. */
function toError(error: unknown): JsonObject {
  const { code, message, data } = isObject(error) ? error : { message: error };
  return {
    // JSON-RPC's number for a failure inside the server.
    code: Number.isInteger(code) ? code : -32_603,
    message: typeof message === "string" ? message : (JSON.stringify(message ?? error) ?? ""),
    ...(data == null ? {} : { data }),
  };
}

/** A message without the keys that are null, and its params or result without such a `_meta`. */
function withoutNulls(message: JsonObject): JsonObject {
  const kept = Object.entries(message).filter(([, value]) => value !== null);
  return Object.fromEntries(
    kept.map(([key, value]) => {
      if (!isObject(value) || value["_meta"] !== null) return [key, value];
      const { _meta: _, ...rest } = value;
      return [key, rest];
    }),
  );
}
