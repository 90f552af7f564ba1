import { html } from "./html.js";
import { useEffect, useRef } from "./preact-hooks.js";

/**
 * What was said, and what is being said. It keeps to its end while its reader has not scrolled away from it.
 *
 * @param {{ conversation: import("./conversation.js").Conversation }} props
 */
export function Transcript({ conversation }) {
  const { entries, answer, isAnswering } = conversation;
  const box = /** @type {{ current: HTMLElement | null }} */ (useRef(null));
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  });
  const look = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < 40;
  };
  const isEmpty = entries.length === 0 && answer === undefined;
  return html`<section
    class="transcript"
    aria-label="Conversation"
    aria-busy=${isAnswering ? "true" : "false"}
    tabindex="0"
    ref=${box}
    onScroll=${look}
  >
    ${isEmpty && html`<p class="quiet">Nothing was said here yet.</p>`}
    ${entries.map((entry, index) => html`<${EntryView} key=${index} entry=${entry} />`)}
    ${answer !== undefined && html`<${AnswerView} answer=${answer} isUnderWay=${true} />`}
  </section>`;
}

/** @param {{ entry: import("./conversation.js").Entry }} props */
function EntryView({ entry }) {
  switch (entry.kind) {
    case "said":
      return html`<${Turn} role="user">${entry.text}<//>`;
    case "answer":
      return html`<${AnswerView} answer=${entry.answer} isUnderWay=${false} />`;
    case "stored":
      return html`<${StoredView} message=${entry.message} />`;
  }
}

/** @param {{ message: import("./gateway-client.js").Message }} props */
function StoredView({ message: { role, content, refusal, name, tool_calls: calls = [] } }) {
  const text = toText(content) + (refusal ?? "");
  if (role === "tool" || role === "function")
    return html`<article class="turn tool">
      <${Tool} name=${name ?? "tool"} state="result" text=${text} />
    </article>`;
  return html`<${Turn} role=${role}>
    ${text}
    ${calls.map(({ id, function: called, custom }) => {
      const call = called ?? custom;
      const given = called?.arguments ?? custom?.input ?? "";
      return html`<${Tool} key=${id} name=${call?.name ?? "tool"} state="called" text=${given} />`;
    })}
  <//>`;
}

/** @param {{ answer: import("./answer.js").Answer, isUnderWay: boolean }} props */
function AnswerView({ answer, isUnderWay }) {
  const { text, reasoning, tools, usage, finish, model, problem } = answer;
  const isUnusual = finish !== undefined && finish !== "stop";
  return html`<${Turn} role="assistant">
    ${
      reasoning !== "" &&
      html`<details class="reasoning" open=${isUnderWay && text === ""}>
        <summary>Reasoning</summary>
        <div class="said">${reasoning}</div>
      </details>`
    }
    ${tools.map((tool) => html`<${Tool} key=${tool.id} ...${tool} />`)}
    <span>${text}</span>
    ${isUnderWay && html`<span class="cursor" aria-hidden="true"></span>`}
    ${problem !== undefined && html`<p class="problem">${problem}</p>`}
    <footer>
      ${isUnusual && html`<span>ended by ${finish}</span>`}
      ${usage !== undefined && html`<span>${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out</span>`}
      ${model !== undefined && html`<span>${model}</span>`}
    </footer>
  <//>`;
}

/** @param {{ role: string, children?: unknown }} props */
function Turn({ role, children }) {
  const name = role === "user" ? "You" : role === "assistant" ? "Agent" : role;
  return html`<article class="turn ${role}">
    <h3>${name}</h3>
    <div class="said">${children}</div>
  </article>`;
}

/** @param {{ name: string, state: string, text: string }} props */
function Tool({ name, state, text }) {
  const line = html`<span class="state ${state === "asked for" ? "called" : state}">${state}</span>${" "}<code
      >${name}</code
    >`;
  if (text === "") return html`<p class="tool-line">${line}</p>`;
  return html`<details class="tool-line">
    <summary>${line}</summary>
    <pre tabindex="0">${text}</pre>
  </details>`;
}

/**
 * The words of a message; what is none is named.
 *
 * @param {unknown} content
 * @returns {string}
 */
function toText(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  /** @type {{ type: string, text?: string, refusal?: string }[]} */
  const parts = content;
  return parts.map(({ type, text, refusal }) => text ?? refusal ?? `[${type}]`).join("\n");
}
