import type { CallIdRule } from "./call-ids.ts";

/** What a vendor refuses in a conversation that every other one takes. */
export interface MessageForm {
  readonly callIds: CallIdRule;
  /**
   * `blanks`: a text that is empty, or blank, as a part and as a whole message; a refusal is a text as any other.
   * `silence`: an answer without a word.
   */
  readonly refuses: "nothing" | "silence" | "blanks";
  /** The first to speak is the user. */
  readonly beginsWithUser: boolean;
  /**
   * The last to speak is the user or a tool. `unless` it is one of the models that go on from the beginning of an answer,
   * which they take without white space at its end.
   */
  readonly endsWithUser: boolean | { readonly unless: RegExp };
  /** Between the result of a tool and the user the model has to speak. */
  readonly answersTools: boolean;
  /** Function calls of the older kind, and their results, are taken as they are. */
  readonly takesLegacyCalls: boolean;
  /** Of tools, inside of letters, digits, `_` and `-`: `word` ones begin with a letter or `_`. */
  readonly toolNames: "any" | "word";
  /** Of people and models: `plain` ones have no white space and none of `<|\/>`, `none` is refused. */
  readonly names: "any" | "plain" | "none";
}

/** Outside of what every vendor takes, but for one. */
const unusual = /[^a-zA-Z0-9_-]/g;

/** An id of at most so many characters. What it was can be seen. */
function atMost(length: number): CallIdRule {
  return {
    fits: new RegExp(`^[^]{1,${length}}$`),
    make: (id, digest) => `${id.replaceAll(unusual, "_").slice(0, length - 10)}_${digest(9)}`,
  };
}

const any: MessageForm = {
  callIds: { ...atMost(64), fits: /^/ },
  refuses: "nothing",
  beginsWithUser: false,
  endsWithUser: false,
  answersTools: false,
  takesLegacyCalls: false,
  toolNames: "any",
  names: "any",
};

/** The models of Claude that go on from the beginning of an answer; later ones refuse it. */
const prefilled = /(?:^|\/)claude-(?:instant|[123]\b|(?:opus|sonnet|haiku)-4(?:-[015])?(?:-\d{8}|-latest)?$)/;

export const messageForms = {
  any: { ...any, takesLegacyCalls: true },
  /** Chat Completions: some of its servers take 64 characters for an id, others 40. */
  openai: { ...any, callIds: atMost(40), takesLegacyCalls: true, names: "plain" },
  responses: { ...any, callIds: atMost(64), refuses: "silence" },
  mistral: {
    ...any,
    callIds: { fits: /^[a-zA-Z0-9]{9}$/, make: (_, digest) => digest(9) },
    refuses: "blanks",
    endsWithUser: true,
    answersTools: true,
    names: "none",
  },
  anthropic: {
    ...any,
    callIds: { ...atMost(64), fits: /^[a-zA-Z0-9_-]+$/ },
    refuses: "blanks",
    beginsWithUser: true,
    endsWithUser: { unless: prefilled },
  },
  google: { ...any, refuses: "blanks", beginsWithUser: true, endsWithUser: true, toolNames: "word" },
} as const satisfies Readonly<Record<string, MessageForm>>;

export type MessageFormName = keyof typeof messageForms;
