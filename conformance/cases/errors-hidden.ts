import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { Failure, isObject, Skip } from "../expect.ts";
import { seeEachTime } from "../judge/samples.ts";
import { readStream, toText } from "../lens/stream.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { complete, isChat, parse } from "../self-test/edits/requests.ts";
import type { ProxiedAnswer, ProxiedCall } from "../self-test/mutant.ts";

/** What can be answered by its word has been answered; whether it should have been is for other cases. */
const word = "blue";
const question = `Reply with one word: ${word}.`;
const signs =
  /\b(?:error|exception|traceback|invalid|not found|no such|not supported|unsupported|unknown|bad request|does ?n[o']t exist|failed|went wrong|cannot be|must be|expected|required|HTTP ?[45]\d\d|status(?: code)? [45]\d\d)\b/i;

/** What no server can do, each in its own way: none of these may be paid for with an answer. */
const impossible: readonly { readonly what: string; readonly fields: object }[] = [
  { what: "an unknown model", fields: { model: "no-such-model-xyz" } },
  { what: "a temperature that is no number", fields: { temperature: "hot" } },
  { what: "messages that are no list", fields: { messages: question } },
  { what: "a message of an unknown role", fields: { messages: [{ role: "nobody", content: question }] } },
  { what: "a token limit that is no number", fields: { max_tokens: "many" } },
];

export const hiddenErrorCases = defineCases([
  {
    id: "ERR-24",
    level: "SHOULD",
    requirement:
      "What cannot be done is refused with a status of 400 or more: a 200 never has an error in the place of its answer, nor tells one as the assistant's words.",
    source:
      "runpod-workers/worker-vllm#57, azrtydxb/Fastllm-proxy#28, OpenRouterTeam/ai-sdk-provider#211: the text is shown, stored and sent back as an answer, nothing is tried again, and `choices[0]` of an error is a TypeError",
    limitMs: 60_000,
    faults: [
      {
        id: "errors-told-as-text",
        what: "Refusals are told as the assistant's words, with status 200.",
        answer: (answer, call) => hide(answer, call, (message) => complete(`Error: ${message}`)),
      },
      {
        id: "errors-told-as-text-in-streams",
        what: "A stream that cannot be begun tells why as the assistant's words.",
        answer: (answer, call) =>
          call.body?.["stream"] === true
            ? hide(answer, call, (message) => toTellingStream(`⚠️ The request failed (400): ${message}`))
            : answer,
      },
      {
        id: "errors-in-200",
        what: "Refusals have status 200, with the error in the place of the answer.",
        answer: (answer, call) => (answer.status >= 400 && isChat(call) ? { ...answer, status: 200 } : answer),
      },
    ],
    async run(context) {
      await expectQuiet(context);
      for (const { what, fields } of impossible) {
        const body = { ...context.say(question), ...fields };
        for (const ask of [askWhole, askStreamed]) {
          // A model may speak of errors once; a server that hides them does it each time.
          // oxlint-disable-next-line no-await-in-loop -- one after the other, so that the first that fails is the one that is told
          const [hidden] = await seeEachTime(2, () => ask(context, body));
          if (hidden === undefined) continue;
          throw new Failure(`${what} to be refused with a status of 400 or more`, hidden);
        }
      }
    },
  },
]);

/** A model that speaks of errors where there is none says nothing by it. */
async function expectQuiet(context: CaseContext): Promise<void> {
  const answer = await context.chat(context.say(question));
  const text = toSaid(answer.json);
  if (answer.status !== 200 || signs.test(text))
    throw new Skip(`the question itself is answered with ${answer.status} ${text.slice(0, 100)}`);
}

async function askWhole({ chat }: CaseContext, body: object): Promise<string | undefined> {
  const answer = await chat(body);
  if (answer.status !== 200) return undefined;
  const isAnswer = isObject(answer.json) && Array.isArray(answer.json["choices"]);
  if (!isAnswer && signs.test(answer.text)) return `200 ${answer.text.slice(0, 200)}`;
  return toHidden(answer, toSaid(answer.json));
}

/** An error event of a stream throws in every SDK: it is no secret. */
async function askStreamed({ chat }: CaseContext, body: object): Promise<string | undefined> {
  const answer = await chat({ ...body, stream: true });
  return answer.status === 200 ? toHidden(answer, toText(readStream(answer))) : undefined;
}

function toHidden({ status }: WireAnswer, text: string): string | undefined {
  const isAnswer = text.toLowerCase().includes(word);
  return signs.test(text) && !isAnswer ? `${status}, and the assistant says: ${text.slice(0, 200)}` : undefined;
}

function toSaid(json: unknown): string {
  const [choice] = isObject(json) && Array.isArray(json["choices"]) ? (json["choices"] as unknown[]) : [];
  const message = isObject(choice) ? choice["message"] : undefined;
  const content = isObject(message) ? message["content"] : undefined;
  return typeof content === "string" ? content : "";
}

function hide(answer: ProxiedAnswer, call: ProxiedCall, tell: (message: string) => ProxiedAnswer): ProxiedAnswer {
  if (answer.status < 400 || answer.status === 401 || !isChat(call)) return answer;
  const json = parse(String(answer.body));
  const error = isObject(json) ? json["error"] : undefined;
  return tell(isObject(error) ? String(error["message"]) : "it is not valid");
}

function toTellingStream(content: string): ProxiedAnswer {
  const toEvent = (delta: object, reason: string | null): string => {
    const choices = [{ index: 0, delta, finish_reason: reason }];
    const chunk = { id: "c", object: "chat.completion.chunk", created: 1_750_000_000, model: "openclaw", choices };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  };
  const body = `${toEvent({ role: "assistant", content }, null)}${toEvent({}, "stop")}data: [DONE]\n\n`;
  return { status: 200, headers: { "content-type": "text/event-stream" }, body };
}
