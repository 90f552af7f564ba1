import { escapeHtml, toInline, toSlug } from "./markup.ts";
import type { SitePage } from "./site-page.ts";

/** One of openapi/transcripts.yaml. */
export interface Transcript {
  readonly title: string;
  readonly text: string;
  readonly request: object;
  readonly events: readonly { readonly data: string; readonly meaning?: string }[];
}

export type Transcripts = Readonly<Record<string, Transcript>>;

const introduction = `With \`stream: true\` the answer is \`text/event-stream\`: each event is a line \`data: …\` and an empty line. While nothing happens a comment line (\`: keep-alive\`) keeps the connection alive; readers of event streams skip it. What fails before the first event is an HTTP status, as without a stream.`;

/** Each stream event by event, beside what it means. */
export function toStreamPage(transcripts: Transcripts): SitePage {
  const parts = Object.values(transcripts).map(({ title, text, request, events }) => {
    const items = events.map(
      ({ data, meaning }) =>
        `<li><pre tabindex="0"><code>data: ${escapeHtml(data)}</code></pre><p>${meaning === undefined ? "" : toInline(meaning)}</p></li>`,
    );
    return `<h2 id="${toSlug(title)}">${title}</h2>
<p>${toInline(text)}</p>
<pre tabindex="0"><code>${escapeHtml(JSON.stringify(request, null, 2))}</code></pre>
<ol class="events">
${items.join("\n")}
</ol>`;
  });
  const html = `<h1>Streams</h1>\n<p>${toInline(introduction)}</p>\n${parts.join("\n")}`;
  return { file: "streams.html", title: "Streams", html };
}

export function toStreamMarkdown(transcripts: Transcripts): string {
  const parts = Object.values(transcripts).map(({ title, text, request, events }) => {
    const lines = events.map(({ data, meaning }) => `${meaning === undefined ? "" : `: ${meaning}\n`}data: ${data}\n`);
    const fence = (language: string, body: string): string => `\`\`\`${language}\n${body.trimEnd()}\n\`\`\``;
    return `### ${title}\n\n${text}\n\n${fence("json", JSON.stringify(request, null, 2))}\n\n${fence("", lines.join("\n"))}`;
  });
  return `## Streams\n\n${introduction}\n\n${parts.join("\n\n")}`;
}
