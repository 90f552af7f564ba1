import { Conversation } from "./conversation.js";
import { html } from "./html.js";
import { useEffect, useReducer, useRef, useState } from "./preact-hooks.js";
import { toSessionChoice, toShortKey } from "./session-key.js";
import { Transcript } from "./transcript.js";

/**
 * @typedef {object} TalkProps
 * @property {import("./gateway-client.js").GatewayClient} client
 * @property {string} session
 * @property {string | undefined} run
 * @property {boolean} hasRuns
 * @property {boolean} hasTranscript Whether something is stored of the session that can be read.
 * @property {(run: string | undefined) => void} follows
 * @property {() => void} said Told when a turn may have been stored.
 */

/**
 * One session: its transcript, and the place to write in. It is made anew for another session.
 *
 * @param {TalkProps} props
 */
export function Talk({ client, session, run, hasRuns, hasTranscript, follows, said }) {
  const [, renew] = useReducer((count) => count + 1, 0);
  const [conversation] = useState(
    () => new Conversation({ client, session, changed: () => renew(undefined), follows }),
  );
  const [detached, setDetached] = useState(hasRuns);
  const [reasoning, setReasoning] = useState(true);
  const { isAnswering, problem, status } = conversation;
  useEffect(() => {
    void conversation.open({ run, hasRuns, hasTranscript });
    return () => conversation.close();
  }, []);
  useEffect(() => {
    if (!isAnswering) said();
  }, [isAnswering]);
  return html`<div class="talk">
    <h2 class="session-name">${toShortKey(session)}</h2>
    <${Transcript} conversation=${conversation} />
    ${problem !== "" && html`<p class="problem" role="alert">${problem}</p>`}
    <p class="unseen" role="status">${status}</p>
    ${
      toSessionChoice(session) === undefined
        ? html`<p class="quiet">This session belongs to another client. It can be read here.</p>`
        : html`<${Composer}
            isAnswering=${isAnswering}
            onStop=${() => void conversation.stop()}
            onSay=${(/** @type {string} */ text) => conversation.say(text, { detached, reasoning })}
          />`
    }
    <fieldset class="options">
      <legend class="unseen">For the next answer</legend>
      <${Choice} label="Show reasoning" checked=${reasoning} onChange=${setReasoning} />
      ${
        hasRuns &&
        html`<${Choice} label="Goes on when this page is closed" checked=${detached} onChange=${setDetached} />`
      }
    </fieldset>
  </div>`;
}

/**
 * @param {{ isAnswering: boolean, onSay: (text: string) => Promise<boolean>, onStop: () => void }} props
 */
function Composer({ isAnswering, onSay, onStop }) {
  const [text, setText] = useState("");
  const field = /** @type {{ current: HTMLTextAreaElement | null }} */ (useRef(null));
  useEffect(() => field.current?.focus(), []);
  const send = async () => {
    const given = text.trim();
    if (given === "" || isAnswering) return;
    setText("");
    // What was not taken can be mended, and said again.
    if (!(await onSay(given))) setText((now) => now || given);
    field.current?.focus();
  };
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (event.key === "Escape" && isAnswering) return onStop();
    // Enter also ends the input of a character that takes several keys.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send();
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    void send();
  };
  /** @param {{ currentTarget: HTMLTextAreaElement }} event */
  const write = ({ currentTarget }) => setText(currentTarget.value);
  return html`<form class="composer" onSubmit=${submit} onKeyDown=${press}>
    <label for="message">Message</label>
    <textarea id="message" rows="3" ref=${field} value=${text} onInput=${write} aria-describedby="keys"></textarea>
    <div class="actions">
      <p id="keys" class="quiet">Enter sends, Shift+Enter begins a line, Esc stops.</p>
      <button type="button" class="stop" disabled=${!isAnswering} onClick=${onStop}>Stop</button>
      <button type="submit" class="main" disabled=${isAnswering || text.trim() === ""}>Send</button>
    </div>
  </form>`;
}

/** @param {{ label: string, checked: boolean, onChange: (checked: boolean) => void }} props */
function Choice({ label, checked, onChange }) {
  /** @param {{ currentTarget: HTMLInputElement }} event */
  const change = ({ currentTarget }) => onChange(currentTarget.checked);
  return html`<label><input type="checkbox" checked=${checked} onChange=${change} /> ${label}</label>`;
}
