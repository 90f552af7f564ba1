import type { CaseContext } from "../context.ts";
import { isObject } from "../expect.ts";
import { readStream, type StreamReading, toChoices, toDelta } from "../lens/stream.ts";
import { sendOwn, withOwn } from "./own-server.ts";
import { expectStream } from "./stream-reading.ts";

/** How often a server of the suite's own is told to show life, in `silence` below. */
const intervalMs = 200;
const silence = "@@think 1200ms\n@@echo done";

type Form = "comment" | "chunk";

/** A stream of such a server that is silent for more than a second, though it shows life every `intervalMs`. */
function readOwnSilence(context: CaseContext, form: Form): Promise<StreamReading> {
  return withOwn(context, { keepAlive: { form, intervalMs } }, async (own) => {
    const body = { ...context.say(silence), model: own.model, stream: true };
    return expectStream(readStream(await sendOwn(context, own, { body })), "a stream with a silence");
  });
}

/**
 * Streams in which something may have been sent only to show life. A subject that the suite cannot configure is given
 * two seconds for it; whoever waits longer than that is not looked at.
 */
export async function readSilences(context: CaseContext, forms: readonly Form[]): Promise<StreamReading[]> {
  if (context.subject.start !== undefined && context.has("fixture")) {
    return Promise.all(forms.map((form) => readOwnSilence(context, form)));
  }
  if (!context.has("fixture")) return [expectStream(await context.plainStream())];
  return [expectStream(await context.stream(context.say("@@think 2s\n@@echo done")), "a stream with a silence")];
}

/** How often a stream showed life without saying anything. */
export function countSigns({ sse, oddData, chunks }: StreamReading): number {
  const idle = chunks.filter((chunk) => {
    const choices = toChoices(chunk);
    const isSilent = choices.every((choice) => {
      const { role, content } = toDelta(choice);
      const isEmpty = content === undefined || content === null || content === "";
      return role === undefined && isEmpty && choice["finish_reason"] === null && !choice["tool_calls"];
    });
    return isSilent && !isObject(chunk["usage"]);
  });
  return sse.comments.length + oddData.length + sse.emptyBlocks + idle.length;
}
