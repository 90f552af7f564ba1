import fc from "fast-check";
import { ask, askFor, brief, fill, isWithin, list, named, withBriefName } from "./stall.fixture.ts";

// Bodies of whatever size is asked for, whose lists and schemas are made to cost whoever works through them: beside those of
// stall.fixture.ts, which are of texts and of one schema again and again.

/** As many as the contract takes; a few bodies have more. */
const most = { messages: 2_048, tools: 128 };
const doublings = 12;
const ref = { $ref: "#/$defs/part" };
const leaf = fc.constantFrom<object>(
  {},
  { type: "string", pattern: "^(?:a|a)*b$" },
  { type: "string", minLength: 3_000, maxLength: 3_001 },
  { type: "integer", multipleOf: 7, minimum: -5, exclusiveMaximum: 1e15 },
  { type: "array", minItems: 500, contains: { const: 3 }, minContains: 400 },
  { type: "array", prefixItems: list(300, () => ref), items: false },
  { enum: list(700, (at) => ({ at, of: [at, String(at)] })) },
  { const: list(700, (at) => ({ at })) },
  { type: ["string", "null", "array", "object"], default: "x".repeat(2_000) },
);

/** Whatever a schema may say of others, of any depth that a body may have, with itself among the parts. */
const { schema: anySchema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.constant(ref),
    fc
      .tuple(tie("schema"), fc.constantFrom("anyOf", "oneOf", "allOf"), fc.constantFrom(2, 40))
      .map(([one, name, count]) => ({ [name]: list(count, () => one) })),
    fc.tuple(tie("schema"), tie("schema"), tie("schema")).map(([one, two, three]) => ({
      if: one,
      // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
      then: two,
      else: three,
      not: { allOf: [two, three] },
    })),
    fc.tuple(tie("schema"), tie("schema")).map(([one, two]) => ({
      type: "object",
      properties: named(30, () => one),
      required: list(30, (at) => `p${at}`),
      patternProperties: { "^(p+)+$": two, ".*": one },
      propertyNames: { pattern: "^p" },
      dependentRequired: Object.fromEntries(list(30, (at) => [`p${at}`, list(30, (to) => `p${to}`)])),
      dependentSchemas: { p1: two },
      unevaluatedProperties: one,
      minProperties: 60,
    })),
    fc.tuple(tie("schema"), fc.boolean()).map(([items, uniqueItems]) => ({
      type: "array",
      minItems: 800,
      uniqueItems,
      items,
      unevaluatedItems: items,
    })),
    fc.integer({ min: 0, max: doublings - 1 }).map((at) => ({ $ref: `#/$defs/level${at}` })),
  ),
}));

const hostileSchema = anySchema.filter((schema) => isWithin(schema, 300_000));

/** Each level is in two places of the one above: read as a tree, it is two to the power of them. */
const levels = Object.fromEntries(
  list(doublings, (at) => {
    const next = { $ref: at + 1 < doublings ? `#/$defs/level${at + 1}` : "#/$defs/part" };
    return [`level${at}`, { type: "object", properties: { a: next, b: next } }];
  }),
);

/** About so long as JSON: as many definitions as it takes, each of which refers to the next. */
function toLongSchema([one, other]: readonly [object, object], units: number): object {
  const parts = fill(units, (at) => ({ allOf: [{ $ref: `#/$defs/q${at + 1}` }, one] }), 20_000);
  const all = parts.map((part, at) => [`q${at}`, part]);
  const $defs = { ...Object.fromEntries(all), [`q${parts.length}`]: other, part: other, ...levels };
  return {
    type: "object",
    properties: { a: { $ref: "#/$defs/q0" }, b: one, c: ref },
    required: ["a", "b", "c"],
    $defs,
  };
}

function hostileSchemas(units: number): fc.Arbitrary<object[]> {
  const forms = fc.constantFrom("format", "tool", "both");
  return fc.tuple(hostileSchema, leaf, forms, fc.constantFrom(1, 30)).map(([one, other, form, share]) => {
    const schema = toLongSchema([one, other], units / share);
    const tool = toTool("find", schema);
    if (form === "format") return [askFor(schema, "p1 p2 q3 ".repeat(500))];
    if (form === "tool") return [ask("find p1 for me", { tools: [tool], tool_choice: "required" })];
    return [{ ...askFor(schema, "find p1 for me"), tools: [tool] }];
  });
}

function toTool(name: string, parameters: object): object {
  return { type: "function", function: { name, description: `Does ${name} of p1, p2 and so on.`, parameters } };
}

/** Many tools, or few large ones; the text names some of them, some of their parameters, or nothing. */
function hostileTools(units: number): fc.Arbitrary<object[]> {
  const counts = fc.constantFrom(1, 20, most.tools, most.tools, 2 * most.tools);
  const choice = fc.constantFrom("auto", "required", "named", "allowed");
  const words = fc.constantFrom("hello", "tool3 tool7 ", "p1 is 3, p2 is yes. ", "tool0 with everything ", '{"p1":[');
  return fc.tuple(counts, hostileSchema, leaf, choice, words).map(([count, one, part, how, word]) => {
    const schema = { type: "object", properties: { p1: one, p2: ref }, required: ["p1"], $defs: { part, ...levels } };
    const left = Math.max(0, units / count - JSON.stringify(schema).length);
    const more = named(left / 45, (at) => ({ description: `It is p${at}.`, type: "string" }));
    const parameters = { ...schema, properties: { ...more, ...schema.properties } };
    const tools = fill(units, (at) => toTool(`tool${at}`, parameters), count);
    const content = word.repeat(word === "hello" ? 1 : Math.min(5_000, units / 20 / word.length));
    return [ask(content, { tools, ...toChoice(how, tools.length) })];
  });
}

function toChoice(how: string, count: number): object {
  const name = (at: number): object => ({ type: "function", function: { name: `tool${at}` } });
  if (how === "named") return { tool_choice: name(0) };
  if (how !== "allowed") return { tool_choice: how };
  const tools = list(count, (at) => name(count - 1 - at));
  return { tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools } } };
}

/** One turn of a conversation, of so many messages at most. */
const turn = fc.oneof(
  fc.constant([{ role: "user", content: "my name is a\u0301" }]),
  fc.constant([{ role: "assistant", content: "I see.", refusal: null }]),
  fc.constant([{ role: "developer", content: "Be brief." }]),
  fc
    .constantFrom(2, 60)
    .map((count) => [{ role: "user", content: list(count, (at) => ({ type: "text", text: `part ${at} ` })) }]),
  fc.tuple(fc.constantFrom(1, 50), fc.constantFrom("in order", "in reverse", "twice", "not at all")).map(toCalls),
);

function toCalls([count, how]: readonly [number, string]): object[] {
  const calls = list(count, (at) => ({
    id: `c${at}`,
    type: "function",
    function: { name: "f", arguments: `{"a":${at}}` },
  }));
  const results = list(count, (at) => ({ role: "tool", tool_call_id: `c${at}`, content: `[${at}]` }));
  const given = {
    "in order": results,
    "in reverse": results.toReversed(),
    twice: [...results, ...results],
    "not at all": [],
  }[how];
  return [{ role: "assistant", content: null, tool_calls: calls }, ...(given ?? [])];
}

/**
 * A conversation of many turns, once by itself or twice in a session, whose memory the second has to be found in: as it
 * was and longer, with another beginning, or with another end.
 */
function hostileHistories(units: number): fc.Arbitrary<object[]> {
  const turns = fc.array(turn, { minLength: 1, maxLength: 6 });
  const change = fc.constantFrom("none", "longer", "another beginning", "another end", "the end only");
  const last = fc.constantFrom("what is my name", "what have we talked about", "say that again", "c7", "hello");
  return fc.tuple(turns, change, last, fc.uuid()).map(([some, how, content, user]) => {
    const round = some.flat();
    const rounds = fill(units, () => round, most.messages / round.length - 2).flat();
    const long = "It was a dark night. ".repeat(Math.max(0, units - JSON.stringify(rounds).length) / 21);
    const messages = [...rounds, { role: "user", content: long }];
    const question = { role: "user", content };
    const body = { model: "openclaw", messages: [...messages, question] };
    const other = { role: "user", content: "It was another one." };
    const answered = [...body.messages, { role: "assistant", content: "Yes." }, question];
    const next = {
      none: undefined,
      longer: answered,
      "another beginning": [other, ...answered],
      "another end": [...messages.slice(0, -1), other, question],
      "the end only": [...messages.slice(-3), question],
    }[how];
    return next === undefined ? [body] : [body, { ...body, messages: next }].map((each) => ({ ...each, user }));
  });
}

/** Bodies to be sent one after the other. */
export function hostileLists(units: number): fc.Arbitrary<object[]> {
  return fc
    .oneof(hostileSchemas(units), hostileTools(units), hostileHistories(units))
    .map((bodies) => withBriefName(bodies, () => bodies.map(brief).join("; ")));
}

/** What a tool server may say of its tools. */
export function hostileToolLists(units: number): fc.Arbitrary<object[]> {
  const count = fc.constantFrom(1, 100, 2_000, 20_000);
  const name = fc.constantFrom("tool", "t".repeat(60), "a b\u202e", "mcp__many__tool");
  return fc.tuple(count, hostileSchema, leaf, name).map(([atMost, one, part, word]) => {
    const inputSchema = { type: "object", properties: { p1: one }, $defs: { part, ...levels } };
    const toListed = (at: number): object => ({
      name: `${word}${at}`,
      description: "Does it. ".repeat(20),
      inputSchema,
    });
    const tools = fill(units / 2, toListed, atMost);
    const long = { name: "long", inputSchema: toLongSchema([one, part], units / 2) };
    return withBriefName([...tools, long], () => `${tools.length} tools such as ${brief(tools[0] ?? long)}`);
  });
}
