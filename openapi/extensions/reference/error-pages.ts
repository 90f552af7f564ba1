import type { OpenApi } from "@clawgate/contract/generate";
import type { ErrorRow } from "../policies.ts";
import { escapeHtml, toInline } from "./markup.ts";
import type { SitePage } from "./site-page.ts";

/** The table of all codes, and a page for each: where a link from a log or a message leads. */
export function toErrorPages(errors: Readonly<Record<string, ErrorRow>>, document: OpenApi): SitePage[] {
  const rows = Object.entries(errors).map(
    ([code, { status, when }]) =>
      `<tr id="${code}"><td><a href="errors/${code}.html"><code>${code}</code></a></td><td>${status}</td><td>${toInline(when)}</td></tr>`,
  );
  const html = `<h1>Errors</h1>
<p>Every error, on every route, is JSON with the same four keys, and has an <code>x-request-id</code> that the log knows. These are all the codes; each has a page that says what to do.</p>
<div class="wide" tabindex="0" role="region" aria-label="All codes"><table>
<thead><tr><th scope="col">code</th><th scope="col">status</th><th scope="col">when</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></div>`;
  const each = Object.entries(errors).map(([code, row]) => ({
    file: `errors/${code}.html`,
    title: code,
    html: toErrorPage(code, row, document),
  }));
  return [{ file: "errors.html", title: "Errors", html }, ...each];
}

function toErrorPage(code: string, { status, type, when, fix, retry }: ErrorRow, document: OpenApi): string {
  const body = { error: { message: "…", type, param: null, code } };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.responses["200"] !== undefined && operation.responses[status] !== undefined)
      .map(([method]) => `<li><code>${method.toUpperCase()} ${escapeHtml(path)}</code></li>`),
  );
  const again =
    retry === true ? "Yes: wait as long as <code>retry-after</code> says, where it is there." : "Not as it is.";
  return `<h1><code>${code}</code></h1>
<dl>
<dt>Status</dt><dd>${status}</dd>
<dt>Type</dt><dd><code>${type}</code></dd>
<dt>Send it again?</dt><dd>${again}</dd>
</dl>
<h2 id="cause">When it is sent</h2>
<p>${toInline(when)}</p>
<h2 id="remedy">What to do</h2>
<p>${toInline(fix)}</p>
<h2 id="example">What it looks like</h2>
<pre tabindex="0"><code>HTTP/1.1 ${status}
x-request-id: req_0190f3a1c2d34e5f01234567

${escapeHtml(JSON.stringify(body, null, 2))}</code></pre>
<p>Where a stream has begun, the same object is its last event. <code>param</code> names the field that is meant, if there is one.</p>
${operations.length === 0 ? "" : `<h2 id="operations">Calls that may be answered with ${status}</h2>\n<ul>\n${operations.join("\n")}\n</ul>`}
<p><a href="../errors.html">All codes</a></p>`;
}
