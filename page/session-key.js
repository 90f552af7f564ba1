/** Whose sessions these are cannot be said by the header; the gateway keeps the names for itself. */
const reserved = /^(?:subagent|cron|acp|hook|openai|openai-user|openai-chat):/i;
const fitsHeader = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const headerCharactersMax = 256;

/**
 * How a call names a session: by a header, or, where the key came from the field `user`, by that field.
 *
 * @typedef {{ headers: Record<string, string>, fields: { user?: string } }} SessionChoice
 */

/** @param {string} agent */
export function createSessionKey(agent) {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return `agent:${agent}:page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * The key as people read it, without the agent's part.
 *
 * @param {string} key
 */
export function toShortKey(key) {
  return splitKey(key).rest.replace(/^openai-user:/, "user ");
}

/**
 * Undefined for a session that no call from here can go on with: one that belongs to another client's own chat ids, say.
 *
 * @param {string} key
 * @returns {SessionChoice | undefined}
 */
export function toSessionChoice(key) {
  const { agent, rest } = splitKey(key);
  if (agent === undefined) return undefined;
  const user = /^openai-user:([^]+)$/.exec(rest)?.[1];
  if (user !== undefined) return { headers: { "x-openclaw-agent-id": agent }, fields: { user } };
  if (reserved.test(rest) || !fitsHeader.test(rest) || key.length > headerCharactersMax) return undefined;
  return { headers: { "x-openclaw-session-key": key }, fields: {} };
}

/** @param {string} key */
function splitKey(key) {
  const [, agent, rest = key] = /^agent:([^:]+):([^]*)$/.exec(key) ?? [];
  return { agent, rest };
}
