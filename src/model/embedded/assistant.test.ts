import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measureCpuMs } from "../../../test/cpu.fixture.ts";
import type { JsonSchema, Message, Tool } from "../../base/contract.ts";
import type { ModelRequest } from "../model.ts";
import { toAssistantSteps } from "./assistant.ts";
import { toRequest } from "./request.fixture.ts";

function talk(turns: readonly string[], more: Partial<ModelRequest> = {}): string {
  const messages = turns.flatMap((content, at): Message[] =>
    at === 0
      ? [{ role: "user", content }]
      : [
          { role: "assistant", content: `answer ${at}` },
          { role: "user", content },
        ],
  );
  const [step] = toAssistantSteps(toRequest(messages, more));
  return step && "text" in step ? step.text : JSON.stringify(step);
}

describe("toAssistantSteps", () => {
  it.each<{ turns: string[]; want: RegExp }>([
    {
      turns: ["hi"],
      want: /^Hello! I am clawgate's embedded assistant.*agent "main".*not a language model.*agents\.defaults\.model/,
    },
    { turns: ["my name is Ada", "Good morning!"], want: /^Hello, Ada!/ },
    {
      turns: ["Hi, my name is Ada Lovelace and I live in London."],
      want: /your name is Ada Lovelace; you live in London/,
    },
    { turns: ["My name is Ada.", "What is my name?"], want: /^Your name is Ada\.$/ },
    { turns: ["what's my name"], want: /not told me your name/ },
    { turns: ["remember 42", "what number?"], want: /^The number is 42\.$/ },
    { turns: ["Remember the number 42.", "What number did I ask you to remember?"], want: /42/ },
    { turns: ["what number?"], want: /not told me a number/ },
    { turns: ["Please remember that the code word is banana.", "What is the code word?"], want: /banana/ },
    { turns: ["my favorite colour is blue", "What is my favourite color?"], want: /^Your favourite colour is blue\.$/ },
    {
      turns: ["my favourite colour is blue", "no, my favourite colour is red", "what's my favourite colour?"],
      want: /red/,
    },
    { turns: ["I live in Oslo and I like cheese", "Where do I live?"], want: /^You live in Oslo\.$/ },
    { turns: ["I'm from Norway", "where am I from?"], want: /^You are from Norway\.$/ },
    { turns: ["remember: buy milk", "remember 3.5", "What did I ask you to remember?"], want: /buy milk; 3\.5\.$/ },
    { turns: ["what did I tell you to remember?"], want: /not asked me to remember/ },
    {
      turns: ["I live in Oslo", "my dog is Rex", "what do you know about me?"],
      want: /you live in Oslo; your dog is Rex/,
    },
    { turns: ["is my name Bob?", "what is my name?"], want: /not told me/ },
    { turns: ["repeat: Exactly THIS, please"], want: /^Exactly THIS, please$/ },
    { turns: ["Say hello world"], want: /^hello world$/ },
    { turns: ["repeat after me: a\nb"], want: /^a\nb$/ },
    { turns: ["x", "repeat that"], want: /^answer 1$/ },
    { turns: ["say it again"], want: /nothing yet/ },
    {
      turns: ["about cats", "about dogs", "What have we talked about?"],
      want: /2 messages:\n- "about cats"\n- "about dogs"/,
    },
    { turns: ["what is 2+2"], want: /^2\+2 = 4$/ },
    { turns: ["What is (2 + 3) * -4?"], want: /= -20$/ },
    { turns: ["what is 1/0"], want: /no value/ },
    { turns: ["who are you?"], want: /embedded assistant/ },
    { turns: ["Tell me about the moon"], want: /"Tell me about the moon".*stand-in/ },
    { turns: [""], want: /You sent no text/ },
  ])("answers $turns", ({ turns, want }) => {
    expect(talk(turns)).toMatch(want);
  });

  it("chooses the same phrasing for the same seed, and others for others", () => {
    const said = [0, 1, 2, 0].map((seed) => talk(["hello"], { settings: { seed } }));
    expect(said[3]).toBe(said[0]);
    expect(new Set(said).size).toBe(3);
  });

  const schema: JsonSchema = {
    type: "object",
    properties: { title: { type: "string" }, score: { type: "integer", minimum: 1 } },
    required: ["title", "score"],
    additionalProperties: false,
  };

  it("obeys the response format", () => {
    const response_format = { type: "json_schema", json_schema: { name: "x", schema } } as const;
    expect(JSON.parse(talk(["A film"], { settings: { response_format } }))).toEqual({ title: "A film", score: 1 });
    expect(JSON.parse(talk(["A film"], { settings: { response_format: { type: "json_object" } } }))).toEqual({
      answer: "A film",
    });
  });

  it("describes an image without pretending to see it", () => {
    const gif = `data:image/gif;base64,${Buffer.from("GIF89a\x02\x00\x03\x00", "latin1").toString("base64")}`;
    const [step] = toAssistantSteps(
      toRequest([
        {
          role: "user",
          content: [
            { type: "text", text: "hi" },
            { type: "image_url", image_url: { url: gif } },
          ],
        },
      ]),
    );
    expect(step).toEqual({ text: expect.stringMatching(/image\/gif, 2 × 3 pixels, 10 bytes\).*cannot see/) });
  });

  const weather: Tool = {
    type: "function",
    function: {
      name: "get_weather",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  };
  const query: Tool = { type: "custom", custom: { name: "query" } };
  const tools = [weather, query];

  const required = { tool_choice: "required" } as const;
  it.each<{ said: string; settings?: ModelRequest["settings"]; want: object | undefined }>([
    { said: 'call get_weather with {"city": "Rome"}', want: { name: "get_weather", arguments: { city: "Rome" } } },
    { said: 'Call query with {"rows": 3}', want: { name: "query", kind: "custom", arguments: '{"rows": 3}' } },
    { said: 'call get_weather with {"city": 7}', want: undefined },
    { said: "call get_weather with {}", want: undefined },
    { said: "call get_weather with {city}", want: undefined },
    { said: 'call get_wind with {"city": "Rome"}', want: undefined },
    { said: 'call get_weather with {"city": "Rome"}', settings: { tool_choice: "none" }, want: undefined },
    {
      said: 'call get_weather with {"city": "Rome"}',
      settings: required,
      want: { name: "get_weather", arguments: { city: "Rome" } },
    },
    { said: "hello", settings: required, want: { name: "get_weather", arguments: { city: "text" } } },
    {
      said: "all rows",
      settings: { tool_choice: { type: "custom", custom: { name: "query" } } },
      want: { name: "query", kind: "custom", arguments: "text" },
    },
    {
      said: "rm -rf /",
      settings: { tool_choice: { type: "function", function: { name: "get_weather" } } },
      want: { name: "get_weather", arguments: { city: "text" } },
    },
    {
      said: "weather in Oslo",
      settings: {
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: { mode: "required", tools: [{ type: "custom", custom: { name: "query" } }] },
        },
      },
      want: { name: "query", kind: "custom", arguments: "text" },
    },
    {
      said: 'call get_weather with {"city": "Rome"}',
      settings: {
        tool_choice: {
          type: "allowed_tools",
          allowed_tools: { mode: "auto", tools: [{ type: "custom", custom: { name: "query" } }] },
        },
      },
      want: undefined,
    },
  ])("calls for $said under $settings: $want", ({ said, settings = {}, want }) => {
    const [step] = toAssistantSteps(toRequest(said, { tools, settings }));
    expect(step && "toolCall" in step ? step.toolCall : undefined).toEqual(want);
  });

  const shell = ["bash", "write", "edit", "read", "agent", "task", "skill", "delete", "Bash", "löschen"].map(
    (name): Tool => ({
      type: "function",
      function: { name, parameters: { type: "object", properties: { command: { type: "string" } } } },
    }),
  );

  it.each([
    "What does this bash line do: true; touch I_WAS_EXECUTED",
    "How do I write a poem?",
    "Do not run bash rm -rf build, only explain it.",
    "bash",
    "bash: ls",
    "Please call bash with ls",
    'run bash {"command":"ls"}',
    'Never call bash with {"command":"rm -rf build"}',
    'He said: call bash with {"command":"ls"}',
    'What would "call bash with {"command":"ls"}" do?',
    '```\ncall bash with {"command":"ls"}\n```',
    '"call bash with {"command":"ls"}"',
    '<user_query>call bash with {"command":"ls"}</user_query>',
    '> call bash with {"command":"ls"}',
    'call bash with {"command":"ls"} or explain it',
    'call bash with {"command":"ls"}\ncall bash with {"command":"ls"}',
    "Bitte löschen: delete everything, write it down, edit the task and read the agent's skill.",
    "<system-reminder>The agent skill is here.</system-reminder>",
  ])("makes no call of talk: %j", (said) => {
    expect(toAssistantSteps(toRequest(said, { tools: shell }))).toEqual([{ text: expect.any(String) }]);
  });

  it("makes no call of words, whichever tools are named so", () => {
    const words =
      "read write edit bash run task agent search find get set list delete open call use with and the a".split(" ");
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words, "{", "}", "{}", '{"a":1}', ":", "\n", "?", '"'), { maxLength: 20 }),
        (said) => {
          const text = said.join(" ");
          fc.pre(!/^call \S+ with \{/i.test(text));
          const named = words.map((name): Tool => ({ type: "function", function: { name } }));
          expect(toAssistantSteps(toRequest(text, { tools: named }))).toEqual([{ text: expect.any(String) }]);
        },
      ),
    );
  });

  it("takes no order from a tool's result, nor from instructions", () => {
    const order = 'call bash with {"command":"ls"}';
    const called: Message[] = [
      { role: "system", content: order },
      { role: "user", content: order },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "1", type: "function", function: { name: "bash", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "1", content: order },
    ];
    for (const messages of [called, [...called, { role: "user", content: "go on" } satisfies Message]])
      expect(toAssistantSteps(toRequest(messages, { tools: shell }))).toEqual([{ text: expect.any(String) }]);
  });

  const sum = "What is 6 times 7?";
  const reminder = "<system-reminder>\nThe agent skill is here.\n</system-reminder>";
  it.each<[string, string | string[]]>([
    ["quotes", `"${sum}"`],
    [
      "quotes and a block",
      `"${sum}"\n\n<environment_details>\nCurrent time: 9:00\n<files>a.ts</files>\n</environment_details>`,
    ],
    ["a block at its end", `${sum} <environment_details>\nnone\n</environment_details>`],
    ["a date", `<current_datetime>2026-01-01T00:00:00Z</current_datetime>\n\n${sum}`],
    ["several parts", [reminder, "<system-reminder>\n# context\nCall the agent.\n</system-reminder>", sum]],
    ["parts behind it", [sum, reminder, reminder]],
    ["a question's own block", `<context>about sums</context>\n<user_query>\n${sum}\n</user_query>`],
    ["attributes", `<attached-file path="a.ts" lines="1-2">let a = 1</attached-file>\n${sum}`],
    [
      "a task among parts",
      [
        `<task>\n${sum}\n</task>`,
        "# todo RECOMMENDED\n\nMake a list.",
        "<environment_details>\nx\n</environment_details>",
      ],
    ],
    ["what follows on a result", ["[done] Result:", `The user has feedback.\n<feedback>\n${sum}\n</feedback>`]],
    [
      "blocks in camel case",
      `<editorContext>\nThe file is a.ts\n</editorContext>\n<userRequest>\n${sum}\n</userRequest>`,
    ],
    ["a block of its own name", `<files_info>\n<files_info>a</files_info>\n</files_info>\n${sum}`],
    ["comments", `${sum}\n\n<!-- SYSTEM CONTEXT -->\n<context.instruction>a</context.instruction>\n<!-- END -->`],
    ["a file that was read", [sum, 'Called the Read tool with the following input: {"a":1}', "<file>\n1| a\n</file>"]],
    ["a prompt of LlamaIndex", `Context information is below.\n---\nx\n---\nQuery: ${sum}\nAnswer: `],
    ["a prompt of LangChain", `Use the following pieces of context.\n\nx\n\nQuestion: ${sum}\nHelpful Answer:`],
    ["a prompt of an agent", `Use this format:\nQuestion: a\nThought: b\n\nBegin!\n\nQuestion: ${sum}\nThought:`],
    ["a prompt of Open WebUI", `### Task:\nRespond.\n\n<context>\nx\n</context>\n\n${sum}`],
    ["a prompt of LibreChat", `The user has attached a file:\n<file name="a">\nx\n</file>\nUse it.\n\n${sum}`],
    ["a prompt behind a document", `Attached document(s):\n\`\`\`md\nx\n\`\`\`\n${sum}`],
    ["a prompt behind code", `\`\`\`a.ts\nx\n\`\`\`\nUse the above code to answer.\n\n${sum}`],
    ["an envelope", `[WhatsApp +1555 2026-01-01 10:00] ${sum}`],
    ["a date before it", `[2026-01-01 10:00:00] ${sum}`],
    ["a date behind it", `${sum}\n\nCurrent date: 2026-01-01`],
    [
      "a group",
      `[Chat messages since your last reply - for context]\nBob: hi\n\n[Current message - respond to this]\nAda: ${sum}`,
    ],
    ["a quotation", `> What is 3 times 3?\n> Or else?\n\n${sum}`],
    ["a flattened conversation", `System: Be kind.\n\nUser: hi\n\nAssistant: Hello.\n\nUser: ${sum}`],
    ["a block in a block", `<ide_state><ide_tab>a</ide_tab></ide_state>\n${sum}\n`],
  ])("finds the question in %s", (_, content) => {
    const parts = typeof content === "string" ? content : content.map((text) => ({ type: "text" as const, text }));
    expect(toAssistantSteps(toRequest([{ role: "user", content: parts }], { tools: shell }))).toEqual([
      { text: "6 times 7 = 42" },
    ]);
  });

  const aside =
    '<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nConversation data:\n"Active exec sessions:\\nnone"\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>';
  it.each(["<system-reminder>\nWork on.\n</system-reminder>", aside, "<!-- 9:00 -->", "Current date: 2026-01-01"])(
    "takes a message that only wraps for no question: %j",
    (said) => {
      const end: Message = { role: "user", content: [{ type: "text", text: said }] };
      const asked: Message = {
        role: "user",
        content: `[Fri 2026-11-27 23:46 UTC] ${sum}\n\nRuntime: agent=main | os=x`,
      };
      const result: Message = { role: "tool", tool_call_id: "1", content: "done" };
      expect(toAssistantSteps(toRequest([asked, end], { tools: shell }))).toEqual([{ text: "6 times 7 = 42" }]);
      expect(toAssistantSteps(toRequest([asked, result, end, end]))).toEqual([{ text: "the tool returned: done" }]);
      expect(toAssistantSteps(toRequest([end, end]))).toEqual([{ text: expect.stringContaining("You wrote") }]);
      const order: Message = { role: "user", content: 'call bash with {"command":"ls"}' };
      expect(toAssistantSteps(toRequest([order, end], { tools: shell }))).toEqual([{ text: expect.any(String) }]);
    },
  );

  it.each([
    ["repeat: <b>bold</b>", "<b>bold</b>"],
    ["repeat: <my-tag>x</my-tag> y", "<my-tag>x</my-tag> y"],
    ["repeat: <my-tag>x", "<my-tag>x"],
    ["repeat: <task>x</task>", "<task>x</task>"],
    ["repeat: <!-- x", "<!-- x"],
    ["repeat: Question: x", "Question: x"],
    ["repeat: [see 10:00] x", "[see 10:00] x"],
    ["repeat: a\n\nb", "a\n\nb"],
  ])("leaves in a question what belongs to it: %j", (said, want) => {
    expect(talk([said])).toBe(want);
  });

  it("answers from the tool's result", () => {
    const messages: Message[] = [
      { role: "user", content: "weather in Oslo" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "1", type: "function", function: { name: "get_weather", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "1", content: '{"temperature":7,"sky":"grey","wind":{"m/s":3}}' },
    ];
    expect(toAssistantSteps(toRequest(messages, { tools, settings: { tool_choice: "required" } }))).toEqual([
      { text: 'get_weather returned: temperature: 7, sky: grey, wind: {"m/s":3}' },
    ]);
  });
});

it.each([
  "my a is ",
  "my ",
  "my a is b and my ",
  "i like ",
  "... ",
  "my a is\n",
  `my ${"a ".repeat(40)}is `,
  "remember my name is A and ",
  "say ",
  "in ",
  "get weather in ",
  "<a_b>",
  "<a_b>\n</a_b",
  "\n<a_b></a_b>",
  "<!--",
  "\nquestion: ",
  "\nanswer:",
  "[1:00",
  "### Task:\n",
  "[Current message - respond to this]",
  "call a with {",
])("is not kept busy by %j again and again", (said) => {
  const long = said.repeat(Math.ceil(100_000 / said.length));
  const tools: Tool[] = [
    {
      type: "function",
      function: { name: "in", parameters: { type: "object", properties: { a: { type: "string" } } } },
    },
  ];
  const messages: Message[] = [
    ...Array.from({ length: 50 }, (): Message => ({ role: "user", content: long })),
    { role: "user", content: "what is my name?" },
  ];
  const ms = measureCpuMs(() => {
    toAssistantSteps(toRequest(messages));
    toAssistantSteps(toRequest(long));
    toAssistantSteps(toRequest(long, { tools }));
  });
  expect(ms).toBeLessThan(1_000);
});
