import { type ChatCompletionRequest, requestFields } from "./contract.ts";

type Fields = typeof requestFields;
type Forwarded = { [K in keyof Fields]: Fields[K]["support"] extends "forwarded" ? K : never }[keyof Fields];

/** What the gateway itself honours and hands on all the same: the model is the first to hold to it. */
const honoured = ["max_completion_tokens", "parallel_tool_calls", "response_format", "stop", "tool_choice"] as const;

export type SettingName = Forwarded | (typeof honoured)[number];

/** The fields of a chat completion request that a model acts on, under the names they have on the wire. */
export type ModelSettings = Pick<ChatCompletionRequest, SettingName> & {
  /** What the configuration lets a provider have besides; it gives its model those that are its own. */
  readonly vendor?: Readonly<Record<string, unknown>>;
};

/** The contract's `forwarded` fields and those above. */
export const settingNames: readonly SettingName[] = [
  ...Object.entries(requestFields).flatMap(([name, { support }]) =>
    // `support` has just said so.
    support === "forwarded" ? [name as Forwarded] : [],
  ),
  ...honoured,
];
