/** Statements are looked for at the beginning of a message: what follows a page of text is hardly small talk. */
const unitsMax = 2_000;
/** How much is looked for in one conversation, the newest first; older messages are forgotten. */
const effortMax = 2_000_000;

export interface Fact {
  /** "name", "favourite colour"; "note" for what was to be remembered word for word. */
  readonly key: string;
  readonly value: string;
  /** As it is told back to the user: "your name is Ada". */
  readonly told: string;
}

/** What the user stated in these messages, oldest first. */
export function toFacts(texts: readonly string[]): Fact[] {
  const told: Fact[][] = [];
  let left = effortMax;
  for (const text of texts.toReversed()) {
    const sentences = sentencesOf(text.slice(0, unitsMax));
    for (const sentence of sentences) left -= toEffort(sentence);
    if (left < 0) break;
    told.push(sentences.flatMap(factsOf));
  }
  return told.toReversed().flat();
}

/** Each word that a statement can begin with is followed as far as each verb that it can have. */
function toEffort(sentence: string): number {
  const beginnings = sentence.match(/\b(?:my|the|i|call)\b/gi)?.length ?? 0;
  const verbs = sentence.match(/\b(?:is|are|was)\b/gi)?.length ?? 0;
  return sentence.length + beginnings * (40 + Math.min(verbs + 1, 14) * Math.min(sentence.length, 200));
}

/** Sentences without their end mark; questions state nothing and are left out. A point within a number is no end. */
function sentencesOf(text: string): string[] {
  const sentences = text.replaceAll(/[^\S\n]+/g, " ").match(/(?:[^.!?\n]|[.](?=\S))+[.!?]*/g) ?? [];
  return sentences.filter((one) => !one.includes("?")).map((one) => one.replace(/(?<![.!])[.!]+$/, "").trim());
}

const polite = /^(?:(?:hi|hello|hey|ok|okay|please|and|also|oh|well|can you|could you)\b[,:]?\s+)+/i;

function factsOf(said: string): Fact[] {
  const text = said.replace(polite, "");
  const [, note] =
    /^(?:remember|memori[sz]e|keep in mind|don'?t forget|note)\b(?:\s*[:,]\s*|\s+)(?=\S)(?:that\s+|this\s*[:,]\s*)?(\S.*)$/i.exec(
      text,
    ) ?? [];
  if (note === undefined) return statementsOf(text);
  const notes = statementsOf(note);
  return [{ key: "note", value: note.trim(), told: note.trim() }, ...notes];
}

function statementsOf(text: string): Fact[] {
  const facts: Fact[] = [];
  const [, name] =
    /\b(?:my name is|my name's|i am called|i'm called|you can call me|call me)\s+([\p{L}][\p{L}'’ -]{0,60}?)(?=\s+(?:and|but)\b|[,;]|$)/iu.exec(
      text,
    ) ?? [];
  if (name !== undefined) facts.push(toFact("name", name, "your"));
  for (const [, article = "", key = "", value = ""] of text.matchAll(statement)) {
    if (normalise(key) !== "name")
      facts.push(toFact(normalise(key), value, article.toLowerCase() === "my" ? "your" : "the"));
  }
  for (const [, verb = "", value = ""] of text.matchAll(doing)) {
    const key = verb.toLowerCase().replace("'m", "am").replaceAll(/\s+/g, " ");
    facts.push({ key, value: value.trim(), told: `you ${key === "am from" ? "are from" : key} ${value.trim()}` });
  }
  return facts;
}

const ending = String.raw`(?=,?\s+(?:and|but)\s+(?:my|the|i)\b|[;]|$)`;
const statement = new RegExp(
  String.raw`\b(my|the)\s+([\p{L}][\p{L}\d' -]{0,40}?)\s+(?:is|are|was)\s+([^;]{1,200}?)${ending}`,
  "giu",
);
const doing = new RegExp(
  String.raw`\bi(?:\s+|(?='m))(live in|work (?:at|for|in|as)|study|am from|'m from|like|love|prefer|hate)\s+([^;]{1,200}?)${ending}`,
  "giu",
);

function toFact(key: string, value: string, article: "your" | "the"): Fact {
  return { key, value: value.trim(), told: `${article} ${key} is ${value.trim()}` };
}

function normalise(key: string): string {
  return key.toLowerCase().replaceAll(/\s+/g, " ").replace("favorite", "favourite").replace("color", "colour").trim();
}

/** The answer to a question about what was said, or undefined when the text is no such question. */
export function answerFromMemory(question: string, facts: readonly Fact[]): string | undefined {
  const text = question.slice(0, 300).trim();
  for (const { pattern, answer } of questions) {
    const match = pattern.exec(text);
    const answered = match && answer(facts, normalise((match[1] ?? "").replace(/(?<![?.!\s])[?.!\s]+$/, "")));
    if (answered) return answered;
  }
  return undefined;
}

interface Question {
  readonly pattern: RegExp;
  /** `key` is what the pattern's group caught. */
  readonly answer: (facts: readonly Fact[], key: string) => string | undefined;
}

const questions: readonly Question[] = [
  { pattern: /\b(?:who am i|what am i called)\b/i, answer: (facts) => answerKey(facts, "name") },
  { pattern: /\b(?:what|which) (?:is |was )?(?:the |my )?number\b(?! of)/i, answer: answerNumber },
  {
    pattern: /\bwhat (?:did|have|was|should) (?:i|you)\b.*\b(?:remember|tell you|told you|note|memori[sz]e)\b/i,
    answer: (facts) => listNotes(facts),
  },
  { pattern: /\bwhat do you (?:know about me|remember)\b/i, answer: (facts) => listAll(facts) },
  { pattern: /\bwhere do i (live|work)\b/i, answer: (facts, verb) => answerDoing(facts, verb) },
  { pattern: /\bwhere am i from\b/i, answer: (facts) => answerDoing(facts, "am from") },
  { pattern: /\bwhat do i (like|love|prefer|hate|study)\b/i, answer: (facts, verb) => answerDoing(facts, verb) },
  {
    pattern:
      /\b(?:what(?:'s|’s| is| are| was| were)|do you (?:know|remember)|who(?:'s| is)|tell me) my ([\p{L}\d' -]{1,40})/iu,
    answer: answerKey,
  },
  {
    pattern: /\b(?:what(?:'s| is| was)|do you remember) the ([\p{L}\d' -]{1,40})/iu,
    answer: (facts, key) => findLast(facts, key) && answerKey(facts, key),
  },
];

function findLast(facts: readonly Fact[], key: string): Fact | undefined {
  return facts.findLast((fact) => fact.key === key);
}

function toSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function answerKey(facts: readonly Fact[], key: string): string {
  const fact = findLast(facts, key);
  return fact ? toSentence(fact.told) : `You have not told me your ${key} in this conversation.`;
}

function answerDoing(facts: readonly Fact[], verb: string): string {
  const fact = facts.findLast(({ key }) => key.startsWith(verb));
  return fact ? toSentence(fact.told) : "You have not told me that in this conversation.";
}

function answerNumber(facts: readonly Fact[]): string {
  const number = facts
    .map(({ value }) => /-?\d+(?:[.,]\d+)*/.exec(value)?.[0])
    .findLast((found) => found !== undefined);
  return number === undefined ? "You have not told me a number in this conversation." : `The number is ${number}.`;
}

function listNotes(facts: readonly Fact[]): string {
  const notes = facts.filter(({ key }) => key === "note");
  if (notes.length === 0)
    return facts.length > 0 ? listAll(facts) : "You have not asked me to remember anything in this conversation.";
  return `You asked me to remember: ${notes.map(({ value }) => value).join("; ")}.`;
}

function listAll(facts: readonly Fact[]): string {
  if (facts.length === 0) return "Nothing: you have told me nothing about yourself in this conversation.";
  return `In this conversation you told me: ${[...new Set(facts.map(({ told }) => told))].join("; ")}.`;
}
