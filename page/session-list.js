import { html } from "./html.js";
import { toShortKey } from "./session-key.js";

/** So narrow a window shows one thing at a time. */
const isNarrow = () => matchMedia("(max-width: 720px)").matches;

/**
 * @typedef {object} SessionListProps
 * @property {readonly string[]} agents
 * @property {string} agent
 * @property {readonly import("./gateway-client.js").Session[] | undefined} sessions Undefined where they cannot be read.
 * @property {string} session
 * @property {(agent: string) => void} onAgent
 * @property {(session: string) => void} onSession
 * @property {() => void} onNew
 */

/** @param {SessionListProps} props */
export function SessionList({ agents, agent, sessions, session, onAgent, onSession, onNew }) {
  /** @param {{ currentTarget: HTMLSelectElement }} event */
  const choose = ({ currentTarget }) => onAgent(currentTarget.value);
  return html`<nav class="sessions" aria-label="Agents and sessions">
    <label for="agent">Agent</label>
    <select id="agent" value=${agent} onChange=${choose}>
      ${agents.map((id) => html`<option key=${id} value=${id} selected=${id === agent}>${id}</option>`)}
    </select>
    <button type="button" onClick=${onNew}>New session</button>
    ${
      sessions === undefined
        ? html`<p class="quiet">
            Older sessions cannot be read: the list is switched off
            (<code>gateway.http.endpoints.sessions.enabled</code>), or this token is not for it.
          </p>`
        : html`<details open=${!isNarrow()}>
            <summary>Sessions (${sessions.length})</summary>
            <ul>
              ${sessions.map(
                ({ id, message_count: count, updated_at: updated }) =>
                  html`<li key=${id}>
                    <button
                      type="button"
                      aria-current=${id === session ? "true" : undefined}
                      onClick=${() => onSession(id)}
                    >
                      <span class="name">${toShortKey(id)}</span>
                      <span class="quiet">${count} messages, ${toTime(updated)}</span>
                    </button>
                  </li>`,
              )}
            </ul>
          </details>`
    }
  </nav>`;
}

/** @param {number} seconds */
function toTime(seconds) {
  return new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
