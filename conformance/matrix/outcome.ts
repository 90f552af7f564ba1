import type { Report } from "../shapes.ts";
import type { Outcome, Score } from "./entry.ts";
import { html, type Markup } from "./markup.ts";

type Result = Report["results"][number];
type Exchange = Result["exchanges"][number];

/** A verdict that colour is not needed to tell. */
export function toMark(verdict: Result["verdict"]): Markup {
  return html`<span class="verdict ${verdict}">${verdict}</span>`;
}

/** How many of how many, for a table. */
export function toShare({ met, decided }: Score): Markup {
  if (decided === 0) return html`<span class="quiet">–</span>`;
  return html`<span class="${met === decided ? "pass" : "share"}">${met}/${decided}</span>`;
}

/** What was found, once for all SDK majors that saw the same, and what went over the wire. */
export function toFoundList({ results }: Outcome): Markup {
  const told = Map.groupBy(results, (result) => `${result.verdict} ${toFound(result)}`);
  return html`${[...told.values()].map((same) => {
    const [first] = same;
    const majors = same.flatMap(({ sdk }) => sdk ?? []);
    return html`<p class="found">
        ${majors.length === 0 ? "" : html`<span class="quiet">openai ${majors.join(", ")}:</span> `}${toFound(first!)}
      </p>
      ${toExchanges(first!.exchanges)}`;
  })}`;
}

export function toFound({ expected, actual, reason }: Result): string {
  if (expected === undefined) return reason ?? "";
  return `Expected ${expected}, got ${actual?.replace(/\.$/, "")}.${reason === undefined ? "" : ` ${reason}`}`;
}

function toExchanges(exchanges: readonly Exchange[]): Markup | undefined {
  if (exchanges.length === 0) return undefined;
  return html`<details>
    <summary>On the wire</summary>
    ${exchanges.map(toExchange)}
  </details> `;
}

function toExchange({
  method,
  url,
  requestHeaders,
  requestBody,
  status,
  headers,
  reads,
  end,
  endMs,
}: Exchange): Markup {
  const list = (fields: Readonly<Record<string, string>>): string =>
    Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n");
  const answer = `HTTP ${status}\n${list(headers)}\n\n${reads.map(({ text }) => text).join("")}\n[${end} after ${endMs} ms]`;
  return html`<pre tabindex="0">
${method} ${url}
${list(requestHeaders)}

${requestBody}</pre>
    <pre tabindex="0">${answer}</pre>`;
}
