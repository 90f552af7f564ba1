/** One request and its answer, as the report shows them. Secrets are masked when the report is written. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What came, and when: milliseconds since the request was sent. */
  readonly reads: readonly { readonly atMs: number; readonly text: string }[];
  readonly endMs: number;
  /** How the answer ended; `none`: there was none, and the status is 0. */
  readonly end: "complete" | "cut" | "aborted" | "limit" | "none";
  /** What the connection said instead of an answer. */
  readonly failure?: string;
}

/** How much of a body the report keeps. */
export const shownBytesMax = 16_384;
