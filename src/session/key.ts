import { hash, randomUUID } from "node:crypto";
import { GatewayError } from "../base/errors.ts";
import type { Principal } from "../base/principal.ts";

// An agent id has no colon, so the agent's part of a key always ends at the second colon. A header's key cannot begin
// with `openai:`, `openai-user:` or `openai-chat:`, so what follows that colon tells the kind. Together: equal keys,
// equal sessions.

const agentIdPattern = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$/;
const agentPrefixPattern = /^agent:([a-zA-Z0-9][a-zA-Z0-9_-]{0,63}):/;
/** The part of a key that the gateway chose, which is visible ASCII by itself. */
const ownPrefixPattern = /^agent:[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}:(?:openai-(?:user|chat):)?/;
/** HTTP parsers strip spaces at the ends of a field value, so such a key would not be compared byte for byte. */
const headerTextPattern = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const reservedPattern = /^(?:subagent|cron|acp|hook|openai|openai-user|openai-chat):/i;
const headerCharactersMax = 256;
/** Room for every header's key, and for a `user` of 512 ASCII characters, with the longest agent id. */
const responseTextMax = 600;
const headerName = "x-openclaw-session-key";

export interface HeaderKey {
  /** Present if the value names its agent, which the request must not contradict. */
  readonly agentId?: string;
  /** What `toHeaderKey` wants: the value without `agent:<id>:`. */
  readonly key: string;
}

export function isAgentId(text: string): boolean {
  return agentIdPattern.test(text);
}

/** A key for one call only; no two calls get the same. `agentId` must satisfy `isAgentId`. */
export function toStatelessKey(agentId: string): string {
  return `agent:${agentId}:openai:${randomUUID()}`;
}

/** Whether a key is that of one call, of which nothing is kept. */
export function isStatelessKey(sessionKey: string): boolean {
  return /^agent:[^:]+:openai:/.test(sessionKey);
}

/** The session of the request field `user`, whatever text that is. `agentId` must satisfy `isAgentId`. */
export function toUserKey(agentId: string, user: string): string {
  return `agent:${agentId}:openai-user:${user}`;
}

/** The session of a client's own chat id, whatever text that is. `agentId` must satisfy `isAgentId`. */
export function toChatKey(agentId: string, chatId: string): string {
  return `agent:${agentId}:openai-chat:${chatId}`;
}

/** The session of a key that `parseHeaderKey` has accepted. `agentId` must satisfy `isAgentId`. */
export function toHeaderKey(agentId: string, key: string): string {
  return `agent:${agentId}:${key}`;
}

/**
 * Reads the request header `x-openclaw-session-key`.
 *
 * Throws `GatewayError` `invalid_session_key` unless the value is 1 to 256 characters of visible ASCII (spaces only
 * inside), and the key left after `agent:<id>:` is not empty and in no namespace of the gateway's own. A value that
 * `toHeaderText` showed for a header's session leads back to it, as long as it is within the 256 characters.
 */
export function parseHeaderKey(value: string): HeaderKey {
  if (value.length > headerCharactersMax) refuse(`is longer than ${headerCharactersMax} characters`);
  const parsed = parseOperatorKey(value);
  const { key } = parsed;
  if (key === "") refuse("is empty");
  if (!headerTextPattern.test(key)) refuse("is not visible ASCII without spaces at its ends");
  if (reservedPattern.test(key)) refuse("is in a namespace that is the gateway's own");
  return parsed;
}

/** Takes `agent:<id>:` off. The command line is the operator's own and may name any key, the gateway's too. */
export function parseOperatorKey(value: string): HeaderKey {
  const agentId = agentPrefixPattern.exec(value)?.[1];
  return agentId === undefined ? { key: value } : { agentId, key: value.slice(`agent:${agentId}:`.length) };
}

/** What the keys of sessions begin with in the store that are a key's own; no two keys of the configuration share any. */
export function toNamespace(keyName: string): string {
  return `key:${keyName}:`;
}

/** Where the store has the session that its owner knows by this key. */
export function toStoredKey(sessionKey: string, { namespace }: Pick<Principal, "namespace">): string {
  return namespace === undefined ? sessionKey : namespace + sessionKey;
}

/** The key by which its owner knows a session of a key's own; undefined for any other. */
export function parseStoredKey(stored: string): string | undefined {
  return /^key:[a-z0-9-]+:(.*)$/s.exec(stored)?.[1];
}

function refuse(what: string): never {
  throw new GatewayError("invalid_session_key", `The session key in ${headerName} ${what}.`, { param: headerName });
}

/**
 * A session key as the text of a response header. Visible ASCII stays as it is. Of any other key the part that came
 * from outside is percent-encoded as UTF-8 (RFC 3986, all but unreserved characters; a lone surrogate as U+FFFD), so
 * no text can end the header or begin another one. It is for people and logs: the encoded form leads back to nothing.
 *
 * A text that would be long is cut and ends in `~` and a digest of the whole key: a proxy that has 4 KiB for all header
 * fields must not take an answer for a failure because its client's `user` is long.
 */
export function toHeaderText(sessionKey: string): string {
  const prefix = ownPrefixPattern.exec(sessionKey)?.[0] ?? "";
  // A `user` or chat id that holds a percent sign would look like another one encoded.
  const ambiguous = /:openai-(?:user|chat):$/.test(prefix) && sessionKey.includes("%");
  const isPlain = headerTextPattern.test(sessionKey) && !ambiguous;
  const text = isPlain ? sessionKey : prefix + percentEncode(sessionKey.slice(prefix.length));
  if (text.length <= responseTextMax) return text;
  const digest = hash("sha256", sessionKey.toWellFormed()).slice(0, 16);
  // Not within a code such as `%E6`, nor behind a space.
  const cut = text
    .slice(0, responseTextMax - digest.length - 1)
    .replace(/%.?$/, "")
    .trimEnd();
  return `${cut}~${digest}`;
}

function percentEncode(text: string): string {
  // encodeURIComponent leaves five characters that RFC 3986 reserves, and throws on a lone surrogate.
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
