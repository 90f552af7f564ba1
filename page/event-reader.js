/**
 * The events of a stream of server-sent events: what each is numbered, if it is, and its data.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 *
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<{ id?: string, data: string }>}
 */
export async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = toEvent(block);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    // Whoever stops reading leaves the call, which a run that is not detached ends with.
    await reader.cancel().catch(() => undefined);
  }
}

/** @param {string} block */
function toEvent(block) {
  /** @type {string[]} */
  const lines = [];
  let id;
  for (const line of block.split(/\r?\n/)) {
    const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === "data") lines.push(value);
    else if (name === "id") id = value;
  }
  if (lines.length === 0) return undefined;
  return { ...(id === undefined ? {} : { id }), data: lines.join("\n") };
}
