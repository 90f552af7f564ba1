import { toToolName } from "../../base/tool-call.ts";
import type { FinishReason } from "../../base/contract.ts";
import { withoutOwner } from "../../base/model-state.ts";
import { isInstruction, textOf } from "./conversation.ts";
import { toCount, toMs, toOptions, toText, type DirectiveLine } from "./directive-line.ts";
import {
  countLines,
  deltasMax,
  toCall,
  toFailure,
  toJsonStep,
  toRepeatStep,
  toScriptedUsage,
  toWordsStep,
} from "./directive-steps.ts";
import { toJsonAnswer } from "./format.ts";
import { failureCodes, type Step } from "./scenario-step.ts";

export interface Directive {
  readonly usage: string;
  /** One sentence for the table in the documentation. */
  readonly help: string;
  /** The directive takes everything after its line; no directive is looked for there. */
  readonly takesRest?: true;
  toSteps(line: DirectiveLine): readonly Step[];
}

const finishReasons: readonly FinishReason[] = ["stop", "length", "tool_calls", "content_filter", "function_call"];

/** Every directive; the documentation's table is made from it. */
export const directives = {
  echo: {
    usage: "@@echo [TEXT]",
    help: 'Says the text; one that begins with `"` is a JSON string literal. Without text the answer is empty.',
    toSteps: (line) => [{ text: toText(line) }],
  },
  rest: {
    usage: "@@rest",
    help: "Says everything after this line, verbatim.",
    takesRest: true,
    toSteps: ({ rest }) => [{ text: rest }],
  },
  length: {
    usage: "@@length",
    help: "Says, as JSON, how many UTF-16 units (`length`) and `lines` follow this line.",
    takesRest: true,
    toSteps: ({ rest }) => [toJsonStep({ length: rest.length, lines: countLines(rest) })],
  },
  words: {
    usage: "@@words N [delay=100ms]",
    help: "Says `word0 word1 …`, one word a delta, with the delay before each word but the first.",
    toSteps: toWordsStep,
  },
  count: {
    usage: "@@count N",
    help: "Says `0 1 2 …` up to N - 1, one number a delta.",
    toSteps: (line) => [{ count: toCount(line, line.argument.trim(), deltasMax) }],
  },
  repeat: {
    usage: "@@repeat N [TEXT]",
    help: "Says the text (`x`) again and again in one single delta of N bytes.",
    toSteps: toRepeatStep,
  },
  think: {
    usage: "@@think 2s",
    help: "Accepts the call, then says nothing for so long.",
    toSteps: (line) => [{ thinkMs: toMs(line, line.argument.trim()) }],
  },
  delay: {
    usage: "@@delay 100ms",
    help: "Waits; as the first line, before the call is accepted.",
    toSteps: (line) => [{ delayMs: toMs(line, line.argument.trim()) }],
  },
  tool: {
    usage: "@@tool NAME [{JSON}]",
    help: "Calls the function with these arguments (`{}`), sent as written. Repeat the line for more calls.",
    toSteps: (line) => [{ toolCall: toCall(line, "function") }],
  },
  custom: {
    usage: "@@custom NAME [INPUT]",
    help: "Calls the custom tool with this input.",
    toSteps: (line) => [{ toolCall: toCall(line, "custom") }],
  },
  // oxlint-disable-next-line unicorn/no-thenable -- nobody awaits this table
  then: {
    usage: "@@then [TEXT]",
    help: "Ends the first round: this line and those after it answer the tool results, for which `{result}` stands.",
    toSteps: (line) => [{ text: toText(line) }],
  },
  reason: {
    usage: "@@reason TEXT",
    help: "Emits the text as reasoning.",
    toSteps: (line) => [{ reasoning: toText(line) }],
  },
  refuse: {
    usage: "@@refuse TEXT",
    help: "Emits the text as a refusal.",
    toSteps: (line) => [{ refusal: toText(line) }],
  },
  fail: {
    usage: '@@fail [code=upstream_error] [after=3] [retry-after=2] [message="…"]',
    help: `Fails, after so many words. Codes: ${failureCodes.join(", ")}.`,
    toSteps: (line) => [{ error: toFailure(line) }],
  },
  crash: {
    usage: "@@crash [TEXT]",
    help: "Throws what a defect throws: no client may see the text.",
    toSteps: (line) => [{ crash: toText(line) || "secret detail of a defect at /home/clawgate/src/defect.ts:1:1" }],
  },
  cut: {
    usage: "@@cut [after=3]",
    help: "Breaks the stream off, after so many words.",
    toSteps: (line) => {
      const { after = "0" } = toOptions(line, line.argument, ["after"]);
      return [{ words: { count: toCount(line, after, deltasMax) } }, { cut: true }];
    },
  },
  hang: {
    usage: "@@hang",
    help: "Says nothing more until the caller gives up.",
    toSteps: () => [{ hang: true }],
  },
  finish: {
    usage: "@@finish REASON",
    help: `Ends with this finish reason: ${finishReasons.join(", ")}.`,
    toSteps: (line) => {
      const finish = finishReasons.find((reason) => reason === line.argument.trim());
      if (finish === undefined) throw line.error(`${JSON.stringify(line.argument)} is no finish reason`);
      return [{ finish }];
    },
  },
  usage: {
    usage: "@@usage [prompt=10] [completion=5] [cached=2] [reasoning=1]",
    help: "Reports these token counts instead of the counted ones.",
    toSteps: (line) => [{ usage: toScriptedUsage(line) }],
  },
  json: {
    usage: "@@json [TEXT]",
    help: "Says JSON that is valid for the request's `response_format`, its strings made from the text.",
    toSteps: (line) => {
      const format = line.request.settings.response_format;
      return [{ text: toJsonAnswer(format, toText(line) || "text", line.work) }];
    },
  },
  agent: {
    usage: "@@agent",
    help: "Says the id of the agent.",
    toSteps: ({ request }) => [{ text: request.agentId }],
  },
  messages: {
    usage: "@@messages",
    help: "Says, as JSON, the messages that the model received, without the instructions.",
    toSteps: ({ request }) => [
      toJsonStep(request.messages.filter((message) => !isInstruction(message)).map(withoutOwner)),
    ],
  },
  instructions: {
    usage: "@@instructions",
    help: "Says, as JSON, the texts of the system and developer messages.",
    toSteps: ({ request }) => [toJsonStep(request.messages.filter(isInstruction).map(textOf))],
  },
  settings: {
    usage: "@@settings",
    help: "Says, as JSON, the model's name, the names of the tools and the settings that the model received.",
    toSteps: ({ request: { model, tools, settings } }) => [
      toJsonStep({
        model,
        tools: tools.map(toToolName),
        settings,
      }),
    ],
  },
  runs: {
    usage: "@@runs",
    help: "Says, as JSON, how many runs are live, started, completed, failed and cancelled, without this one.",
    toSteps: ({ runs }) => [toJsonStep({ ...runs, live: runs.live - 1, started: runs.started - 1 })],
  },
} as const satisfies Readonly<Record<string, Directive>>;
