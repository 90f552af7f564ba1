import { Connect } from "./connect.js";
import { html } from "./html.js";
import { readPlace, writePlace } from "./place.js";
import { useCallback, useEffect, useState } from "./preact-hooks.js";
import { sessionsMax } from "./gateway-client.js";
import { createSessionKey } from "./session-key.js";
import { SessionList } from "./session-list.js";
import { SignIn } from "./sign-in.js";
import { Talk } from "./talk.js";

export function App() {
  const [signedIn, setSignedIn] = useState(/** @type {import("./sign-in.js").SignedIn | undefined} */ (undefined));
  if (signedIn === undefined) return html`<${SignIn} onSignIn=${setSignedIn} />`;
  return html`<${Workplace} ...${signedIn} onSignOut=${() => setSignedIn(undefined)} />`;
}

/** @param {import("./sign-in.js").SignedIn & { onSignOut: () => void }} props */
function Workplace({ client, agents, hasRuns, onSignOut }) {
  const [place, go] = usePlace(agents);
  const { view, agent, session, run } = place;
  // `null` until the gateway has said whether there is a list.
  const [sessions, setSessions] = useState(
    /** @type {import("./gateway-client.js").Session[] | undefined | null} */ (null),
  );
  const look = useCallback(() => {
    client.listSessions(agent).then(setSessions, () => setSessions(undefined));
  }, [agent]);
  useEffect(look, [look]);
  /** @param {string} next */
  const openAgent = (next) => go({ view: "talk", agent: next, session: createSessionKey(next), run: undefined });
  const isTalk = view === "talk";
  return html`<div class="frame">
    <a class="skip" href="#main" onClick=${skip}>To the content</a>
    <header>
      <h1>clawgate</h1>
      <nav aria-label="Views">
        <button
          type="button"
          aria-current=${isTalk ? "page" : undefined}
          onClick=${() => go({ ...place, view: "talk" })}
        >
          Talk
        </button>
        <button
          type="button"
          aria-current=${isTalk ? undefined : "page"}
          onClick=${() => go({ ...place, view: "connect" })}
        >
          Connect
        </button>
        <a href="docs">Docs</a>
        <a href="openapi.json">Contract</a>
        <button type="button" onClick=${onSignOut}>Sign out</button>
      </nav>
    </header>
    ${
      isTalk &&
      sessions !== null &&
      html`<${SessionList}
        agents=${agents}
        agent=${agent}
        sessions=${sessions}
        session=${session}
        onAgent=${openAgent}
        onSession=${(/** @type {string} */ next) => go({ ...place, session: next, run: undefined })}
        onNew=${() => openAgent(agent)}
      />`
    }
    <main id="main" tabindex="-1">
      ${!isTalk && html`<${Connect} agent=${agent} />`}
      ${
        isTalk &&
        sessions !== null &&
        html`<${Talk}
          key=${session}
          client=${client}
          session=${session}
          run=${run}
          hasRuns=${hasRuns}
          hasTranscript=${hasTranscript(sessions, session)}
          follows=${(/** @type {string | undefined} */ next) => go((now) => ({ ...now, run: next }), { step: false })}
          said=${look}
        />`
      }
    </main>
  </div>`;
}

/**
 * A session is one of the list, or, where the list is longer than what is shown of it, may be.
 *
 * @param {readonly import("./gateway-client.js").Session[] | undefined} sessions
 * @param {string} session
 */
function hasTranscript(sessions, session) {
  if (sessions === undefined) return false;
  return sessions.length >= sessionsMax || sessions.some(({ id }) => id === session);
}

/**
 * @typedef {{ view: "talk" | "connect", agent: string, session: string, run: string | undefined }} WholePlace
 * @typedef {(next: WholePlace | ((now: WholePlace) => WholePlace), options?: { step: boolean }) => void} Go
 */

/**
 * Where the reader is, as the address has it, and the way elsewhere.
 *
 * @param {readonly string[]} agents
 * @returns {[WholePlace, Go]}
 */
function usePlace(agents) {
  const [place, setPlace] = useState(() => toWhole(readPlace(), agents));
  useEffect(() => {
    const { agent, session, run } = place;
    writePlace({ view: place.view, agent, session, ...(run === undefined ? {} : { run }) }, { step: false });
    const move = () => setPlace(toWhole(readPlace(), agents));
    addEventListener("popstate", move);
    return () => removeEventListener("popstate", move);
  }, []);
  /** @type {Go} */
  const go = (next, { step } = { step: true }) =>
    setPlace((now) => {
      const found = typeof next === "function" ? next(now) : next;
      const { view, agent, session, run } = found;
      writePlace({ view, agent, session, ...(run === undefined ? {} : { run }) }, { step });
      return found;
    });
  return [place, go];
}

/**
 * @param {import("./place.js").Place} place
 * @param {readonly string[]} agents
 * @returns {WholePlace}
 */
function toWhole({ view, agent, session, run }, agents) {
  const known = agents.find((id) => id === agent) ?? agents[0] ?? "main";
  return { view, agent: known, session: session ?? createSessionKey(known), run };
}

/** The place is behind the `#`, so it is no link of its own. @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.querySelector("main")?.focus();
}
