import { html } from "./html.js";
import { useState } from "./preact-hooks.js";
import { listSnippets } from "./snippets.js";

/** @param {{ agent: string }} props */
export function Connect({ agent }) {
  const snippets = listSnippets(location.origin, agent);
  return html`<div class="connect">
    <h2>Connect a client</h2>
    <p>
      The base URL is <code>${location.origin}/v1</code>, the model <code>openclaw/${agent}</code>. What the gateway
      takes and answers is in its <a href="docs">docs</a> and its <a href="openapi.json">contract</a>.
    </p>
    ${snippets.map((snippet) => html`<${Snippet} key=${snippet.id} ...${snippet} />`)}
  </div>`;
}

/** @param {{ id: string, title: string, note: string, text: string }} props */
function Snippet({ id, title, note, text }) {
  const [status, setStatus] = useState("");
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setStatus("Copied"),
      () => setStatus("Not copied: the browser did not let it."),
    );
  };
  // Browsers have a clipboard for https and for this machine only.
  const canCopy = "clipboard" in navigator;
  return html`<section class="snippet" aria-labelledby=${`snippet-${id}`}>
    <h3 id=${`snippet-${id}`}>${title}</h3>
    <p class="quiet">${note}</p>
    <pre tabindex="0" aria-label=${title}>${text}</pre>
    ${canCopy && html`<button type="button" aria-label=${`Copy ${title}`} onClick=${copy}>Copy</button>`}
    <span role="status" class="quiet">${status}</span>
  </section>`;
}
