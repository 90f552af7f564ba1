/** One event of a stream by the rules of the WHATWG HTML standard, section 9.2.6. */
export interface SseEvent {
  readonly data: string;
  /** The field `event`; empty if there was none. */
  readonly name: string;
  readonly id: string | undefined;
  /** How many `data` lines it had. */
  readonly dataLines: number;
}

export interface SseReading {
  readonly events: readonly SseEvent[];
  readonly comments: readonly string[];
  /** Blocks that would be dispatched without data: the specification drops them, many clients fail. */
  readonly emptyBlocks: number;
  /** What is left after the last empty line. */
  readonly rest: string;
  readonly retryLines: number;
  /** Comments that an empty line follows, with no field in the block. */
  readonly loneComments: number;
}

/** Reads a whole stream. Lines end in LF, CRLF or CR. */
export function readSse(text: string): SseReading {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const rest = lines.pop() ?? "";
  const events: SseEvent[] = [];
  const comments: string[] = [];
  let counts = { emptyBlocks: 0, retryLines: 0, loneComments: 0 };
  let block: string[] = [];
  for (const line of lines) {
    if (line !== "") {
      block.push(line);
      if (line.startsWith(":")) comments.push(line);
      if (/^retry(:|$)/.test(line)) counts = { ...counts, retryLines: counts.retryLines + 1 };
      continue;
    }
    const event = toEvent(block);
    if (event !== undefined) events.push(event);
    else if (block.length > 0 && block.every((one) => one.startsWith(":")))
      counts = { ...counts, loneComments: counts.loneComments + 1 };
    else if (block.length > 0) counts = { ...counts, emptyBlocks: counts.emptyBlocks + 1 };
    block = [];
  }
  return { events, comments, rest: [...block, rest].join("\n"), ...counts };
}

function toEvent(block: readonly string[]): SseEvent | undefined {
  const data: string[] = [];
  let name = "";
  let id: string | undefined;
  for (const line of block) {
    if (line.startsWith(":")) continue;
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") name = value;
    else if (field === "id") id = value;
  }
  return data.length === 0 ? undefined : { data: data.join("\n"), name, id, dataLines: data.length };
}
