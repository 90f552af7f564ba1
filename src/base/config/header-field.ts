/** What the name of a header field may be (RFC 9110, token). */
export function isHeaderName(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);
}

/** What a header field may hold (RFC 9110, field-value): no control characters, and nothing that Latin-1 has not. */
export function isHeaderText(text: string): boolean {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text);
}

/** Completes "the key …" for a text that is none. */
export const headerTextRule =
  "cannot stand in an HTTP header: it has a line end, a control character or a letter that is not Latin";
