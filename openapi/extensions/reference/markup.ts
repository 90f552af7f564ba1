// The Markdown of our own generated pages and descriptions as HTML: headings, paragraphs, lists, tables, fences; code, bold, emphasis
// and links in a line. It is for text that stands in openapi/, which is ours, and escapes everything else.

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** One line, without its paragraph. */
export function toInline(text: string): string {
  // Code is taken out first, so that nothing in it is read as marks; what stands for it is in nobody's text.
  const codes: string[] = [];
  const bare = text.replaceAll(/(`+)(.+?)\1/g, (_, __, code: string) => {
    codes.push(`<code>${escapeHtml(code)}</code>`);
    return `\uE000${codes.length - 1}\uE001`;
  });
  return escapeHtml(bare)
    .replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, '<a href="$2">$1</a>')
    .replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
    .replaceAll(/(?<![\w*])[*_]([^*_]+)[*_](?![\w*])/g, "<em>$1</em>")
    .replaceAll(/\uE000(\d+)\uE001/g, (_, index: string) => codes[Number(index)] ?? "");
}

export function toHtml(markdown: string): string {
  const text = markdown.replaceAll(/<!--[^]*?-->/g, "").trim();
  const blocks = text.split(/\n{2,}(?=(?:[^`]|`(?!``))*(?:```[^]*?```(?:[^`]|`(?!``))*)*$)/);
  return blocks.map(toBlock).join("\n");
}

function toBlock(block: string): string {
  const fence = /^```(\w*)\n([^]*?)\n?```$/.exec(block);
  if (fence !== null) return `<pre tabindex="0"><code>${escapeHtml(fence[2] ?? "")}</code></pre>`;
  const heading = /^(#{1,6}) (.+)$/.exec(block);
  if (heading !== null) return toHeading(heading[1]?.length ?? 1, heading[2] ?? "");
  if (/^\|.*\n\| ?-/.test(block)) return toTable(block);
  if (/^[-*] /.test(block)) {
    const items = block.split(/\n(?=[-*] )/).map((item) => `<li>${toInline(toLine(item.slice(2)))}</li>`);
    return `<ul>\n${items.join("\n")}\n</ul>`;
  }
  return `<p>${toInline(toLine(block))}</p>`;
}

const toLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ").trim();

function toHeading(level: number, text: string): string {
  return `<h${level} id="${toSlug(text)}">${toInline(text)}</h${level}>`;
}

export function toSlug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s+/g, "-");
}

function cellsOf(row: string): string[] {
  return row
    .replaceAll(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll(String.raw`\|`, "|"));
}

/** A row whose first cell is one piece of code can be linked to by it. */
function toTable(block: string): string {
  const [head = "", , ...rows] = block.split("\n");
  const titles = cellsOf(head).map(
    (cell) => `<th scope="col">${cell === "" ? '<span class="aside">notes</span>' : toInline(cell)}</th>`,
  );
  const about = `Table: ${cellsOf(head)[0]?.replaceAll("`", "")}`;
  const body = rows.map((row) => {
    const cells = cellsOf(row);
    const id = /^`([^`]+)`$/.exec(cells[0] ?? "")?.[1];
    const mark = id === undefined ? "" : ` id="${escapeHtml(id)}"`;
    return `<tr${mark}>${cells.map((cell) => `<td>${toInline(cell)}</td>`).join("")}</tr>`;
  });
  return `<div class="wide" tabindex="0" role="region" aria-label="${escapeHtml(about)}"><table>\n<thead><tr>${titles.join("")}</tr></thead>\n<tbody>\n${body.join("\n")}\n</tbody></table></div>`;
}
