// What a request to another machine can carry. A text that is none would fail at every call, long after the start.

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

/** A host as it stands in a URL once letters of other scripts are encoded, or an address in brackets. */
const host = /^([a-z0-9._~-]+|\[[0-9a-f:.]+\])$/;

/** Whether there could be a machine at this URL; `http://{host}/` is one for a parser, and yet nobody's. */
export function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && host.test(url.hostname);
}
