/** A piece of HTML. Only `html` makes one, so that what a server has said can only be text in it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | undefined | readonly Part[];

/** Fills in texts as texts, pieces of HTML as they are, and lists one after the other; undefined is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((text, index) => text + toHtml(parts[index])).join(""));
}

/** The words of the suite: what stands between backticks is code. */
export function toProse(text: string): Markup {
  const pieces = text.split("`");
  if (pieces.length % 2 === 0) return html`${text}`;
  return html`${pieces.map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : piece))}`;
}

/** The name of a server, which may go on in the next line where its package begins. */
export function toName(name: string): Markup {
  return html`${name.split("/").map((piece, index) => (index === 0 ? piece : html`/<wbr />${piece}`))}`;
}

function toHtml(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map(toHtml).join("");
  return escape(String(part));
}

function escape(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- HTML has no way to write them
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "\ufffd")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&#39;")
  );
}
