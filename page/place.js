// What is being looked at, kept in the address behind the `#`, so that a reload finds it again. The token is never there.

/**
 * @typedef {object} Place
 * @property {"talk" | "connect"} view
 * @property {string} [agent]
 * @property {string} [session] The whole key of the session.
 * @property {string} [run] The run that is being followed.
 */

/** @returns {Place} */
export function readPlace() {
  const parts = new URLSearchParams(location.hash.slice(1));
  /** @type {Place} */
  const place = { view: parts.get("view") === "connect" ? "connect" : "talk" };
  for (const name of /** @type {const} */ (["agent", "session", "run"])) {
    const value = parts.get(name);
    if (value) place[name] = value;
  }
  return place;
}

/**
 * A run that begins or ends is no step to go back to; another view, agent or session is.
 *
 * @param {Place} place
 * @param {{ step: boolean }} options
 */
export function writePlace({ view, agent, session, run }, { step }) {
  const parts = new URLSearchParams();
  if (view === "connect") parts.set("view", view);
  if (agent) parts.set("agent", agent);
  if (session) parts.set("session", session);
  if (run) parts.set("run", run);
  const hash = `#${parts}`;
  if (hash === location.hash) return;
  if (step) history.pushState(null, "", hash);
  else history.replaceState(null, "", hash);
}
