import { isObject } from "../../expect.ts";
import { eachDelta, eachMessage } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { editBody, refuse } from "./request-edit.ts";

const isSaid = (content: unknown): content is string => typeof content === "string" && content !== "";

/** Faults in what becomes of a model's thoughts. */
export const reasoningMutants = defineMutants([
  {
    id: "thoughts-in-content",
    what: "What the model has thought stands in front of what it says.",
    json: (body) =>
      eachMessage(body, (message) =>
        isSaid(message["content"])
          ? { ...message, content: `<think>Six sevens.</think>${message["content"]}` }
          : message,
      ),
    killedBy: ["REAS-01"],
  },
  {
    id: "thoughts-in-streamed-content",
    what: "What the model has thought stands in the first words of a stream.",
    chunk: (chunk) =>
      eachDelta(chunk, (delta) =>
        "role" in delta ? { ...delta, content: "<thinking>Six sevens.</thinking>" } : delta,
      ),
    killedBy: ["REAS-01"],
  },
  {
    id: "thoughts-streamed-only",
    what: "A stream shows reasoning, a whole answer has none.",
    chunk: (chunk) =>
      eachDelta(chunk, (delta) => ("role" in delta ? { ...delta, reasoning_content: "Six sevens." } : delta)),
    killedBy: ["REAS-02"],
  },
  {
    id: "thoughts-as-object",
    what: "The reasoning of a message is an object.",
    json: (body) => eachMessage(body, (message) => ({ ...message, reasoning: { text: "Six sevens." } })),
    killedBy: ["REAS-02"],
  },
  {
    id: "thoughts-refused",
    what: "A message that brings its reasoning back is refused.",
    call: ({ body }) => (hasThoughts(body?.["messages"]) ? refuse(400, { param: "messages" }) : undefined),
    killedBy: ["REAS-03"],
  },
  {
    id: "thoughts-become-results",
    what: "What was thought with a call is told to the model as what the tool has given back.",
    call: editBody(({ messages, ...rest }) => {
      const thought = Array.isArray(messages) ? messages.flatMap(toThoughts).join(" ") : "";
      if (!Array.isArray(messages) || thought === "") return undefined;
      const told = messages.map((one: unknown) =>
        isObject(one) && one["role"] === "tool" ? { ...one, content: `${thought} ${String(one["content"])}` } : one,
      );
      return { ...rest, messages: told };
    }),
    killedBy: ["REAS-03"],
  },
]);

function hasThoughts(messages: unknown): boolean {
  return Array.isArray(messages) && messages.some((one) => toThoughts(one).length > 0);
}

function toThoughts(message: unknown): string[] {
  if (!isObject(message)) return [];
  return ["reasoning_content", "reasoning"].flatMap((name) => (isSaid(message[name]) ? [message[name]] : []));
}
