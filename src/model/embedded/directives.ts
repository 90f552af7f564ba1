import { GatewayError } from "../../base/errors.ts";
import type { ModelRequest } from "../model.ts";
import { lastUserText, trailingToolResults } from "./conversation.ts";
import type { DirectiveLine } from "./directive-line.ts";
import { directives, type Directive } from "./directive-table.ts";
import type { RunCounters } from "./runs.ts";
import type { Step } from "./scenario-step.ts";
import { Work } from "./work.ts";

const mark = "@@";
/** Nobody writes a longer script by hand, and all of it is read before the first word of the answer. */
const directivesMax = 10_000;

export function isDirectiveText(text: string): boolean {
  return text.startsWith(mark);
}

interface Parsed {
  readonly name: string;
  readonly directive: Directive;
  readonly argument: string;
  readonly rest: string;
}

/**
 * The steps for the directives in the last user message; lines that do not begin with `@@` are ignored. Lines before
 * `@@then` make the first answer; once that answer's tool results are in, `@@then` and the lines after it make the
 * second one. Throws `invalid_value` for an unknown directive or a bad argument.
 */
export function toDirectiveSteps(request: ModelRequest, runs: RunCounters): Step[] {
  const lines = parseLines(lastUserText(request.messages))
    .take(directivesMax + 1)
    .toArray();
  if (lines.length > directivesMax)
    throw new GatewayError("invalid_value", `A message may have at most ${directivesMax} directives.`, {
      param: "messages",
    });
  const thenAt = lines.findIndex(({ name }) => name === "then");
  const results = trailingToolResults(request.messages);
  const work = new Work("response_format");
  const toSteps = ({ name, directive, argument, rest }: Parsed): readonly Step[] => {
    const line: DirectiveLine = { argument, rest, request, runs, work, error: (why) => toError(name, directive, why) };
    return directive.toSteps(line);
  };
  const isSecondRound = results.length > 0 && lines.some(({ name }) => name === "tool" || name === "custom");
  if (!isSecondRound) return collect(lines.slice(0, thenAt < 0 ? lines.length : thenAt), toSteps);
  const result = results.map(({ text }) => text).join("\n");
  if (thenAt < 0) return [{ text: `Tool results: ${result}` }];
  return collect(lines.slice(thenAt), (line) => toSteps(line).map((step) => fillIn(step, result)));
}

/** Some directives say all of a long conversation, and there may be thousands of them. */
const saidUnitsMax = 16_777_216;

function collect(lines: readonly Parsed[], toSteps: (line: Parsed) => readonly Step[]): Step[] {
  const steps: Step[] = [];
  let left = saidUnitsMax;
  for (const line of lines) {
    for (const step of toSteps(line)) {
      if ("text" in step) left -= step.text.length;
      if (left < 0) throw toError(line.name, line.directive, `all texts have more than ${saidUnitsMax} characters`);
      steps.push(step);
    }
  }
  return steps;
}

const slot = "{result}";

function fillIn(step: Step, result: string): Step {
  if (!("text" in step)) return step;
  const [first = "", ...others] = step.text.split(slot, 1 + Math.ceil(saidUnitsMax / (result.length + 1)));
  return { text: [first, ...others].join(result) };
}

function* parseLines(text: string): Generator<Parsed> {
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    if (text.startsWith(mark, at)) {
      const parsed = parseLine(text.slice(at + mark.length, end).replace(/\r$/, ""), text.slice(end + 1));
      yield parsed;
      if (parsed.directive.takesRest) return;
    }
    at = end + 1;
  }
}

function parseLine(line: string, rest: string): Parsed {
  const space = line.search(/[ \t]/);
  const name = space < 0 ? line : line.slice(0, space);
  const argument = space < 0 ? "" : line.slice(space + 1);
  if (!Object.hasOwn(directives, name)) throw toError(name, undefined, "there is no such directive");
  return { name, directive: directives[name as keyof typeof directives], argument, rest };
}

/** What is wrong may quote all of a long message. */
const whyUnitsMax = 200;

function toError(name: string, directive: Directive | undefined, why: string): GatewayError {
  const usage = directive ? ` Usage: ${directive.usage}.` : "";
  const known = Object.keys(directives).map((one) => mark + one);
  const shown = mark + name.slice(0, 40);
  return new GatewayError(
    "invalid_value",
    `${shown}: ${why.slice(0, whyUnitsMax)}.${usage} Known directives: ${known.join(", ")}.`,
    {
      param: "messages",
    },
  );
}
