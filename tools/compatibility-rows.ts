import { show, type Shown } from "./shown.ts";

export type Row = readonly [comes: string, becomes: string, ...shown: Shown[]];

const upstream = (name: string, title: string): Shown => show(`test/upstream/${name}.test.ts`, title);
const openai = (name: string, title: string): Shown => show(`src/model/openai/${name}.test.ts`, title);
const session = (name: string, title: string): Shown => show(`test/session/${name}.test.ts`, title);

const round = "goes on after a client's tool, where the client gives back what it got";

/** What is kept, mapped and refused. */
export const sections: readonly { readonly title: string; readonly rows: readonly Row[] }[] = [
  {
    title: "State that a model must get back",
    rows: [
      [
        "`reasoning_content`, `reasoning` (DeepSeek, Kimi, vLLM, SGLang), `reasoning_details` (OpenRouter), `thinking_blocks` (LiteLLM), `thinking` parts (Mistral), `extra_content` with thought signatures (Gemini's compatible address), signed thinking (Claude), thought signatures (Gemini), encrypted reasoning (Responses)",
        "kept with the turn, in the run and in the session, and given back unchanged",
        upstream("provider-contract-state", "goes on after a tool of the gateway"),
        upstream("state-property", "what a model gives comes back as it was, $way, $mode"),
      ],
      [
        "the same, where the client runs the tool and has no session",
        "sent to the client together with its calls, whether it asked for reasoning or not; what it gives back reaches the model",
        upstream("provider-contract-state", round),
      ],
      [
        "the same, where the client sends the result alone in a session",
        "given back from the session; a transcript that is shown has none of it",
        upstream(
          "provider-contract-state",
          "goes on in a session that is sent the result alone, and shows nothing there",
        ),
      ],
      [
        "another model: a fallback, another agent of the session",
        "gets none of it; DeepSeek, Kimi and Gemini get the blank that they want instead",
        openai("wire-state", "an answer that another model gave"),
      ],
      [
        "state that a client tells without saying whose it is",
        "goes to servers that know the field, see above",
        openai("wire-state", "what a client tells without saying whose it is"),
      ],
      ["a second clawgate between gateway and model", "keeps it on both hops", upstream("relay-state", round)],
    ],
  },
  {
    title: "Answers as servers send them",
    rows: [
      [
        "more text, or the rest of a call, after a first `finish_reason`",
        "read to `[DONE]` or the end",
        openai("answer-reader", "reads on after a reason, and takes the last one"),
      ],
      [
        "calls that interleave, come in pieces, with one id twice, without ids or indexes, whole at once, with arguments as an object or empty",
        "each call by itself, with an id of its own, one after the other",
        openai("call-reader", "however calls are cut and mixed, the same ones come out, each with an id of its own"),
      ],
      [
        "a stream sent as `application/json`, a whole answer as `text/event-stream` or without a type",
        "read as what it is",
        openai("body-reader", "createBodyReader"),
      ],
      ["an event as long as the answer", "read", openai("body-reader", "holds an event as long as an answer may be")],
      ['`error: null`, `""` or `{}` beside choices', "no error", openai("answer-reader", "an error that says nothing")],
      [
        "usage in `choices[0].usage`, `x_groq.usage`, on any chunk, under other names, zeros after counts",
        "each count by itself; what is missing is estimated",
        show("src/model/usage.test.ts", "the names of vendors"),
      ],
      [
        "an answer that breaks off, an error in the stream, HTML, silence",
        "502 or 504, or the next model where nothing was said",
        upstream("status", "an upstream that answers"),
        upstream("model-fallbacks", "where the first model %s the second answers, and the header names it"),
      ],
    ],
  },
  {
    title: "Conversations as clients send them",
    rows: [
      [
        "`tool_choice` or `parallel_tool_calls` without tools",
        "neither goes upstream",
        upstream("tool-settings", "$api hears nothing of tools where there are none"),
      ],
      [
        "a tool call that the user cancelled; results twice, displaced or missing",
        "paired for the model, the session goes on",
        upstream("conversation-form", "goes on with the next message at $name"),
        upstream("conversation-form", "keeps what was said as it was said"),
      ],
      [
        "arguments of an earlier call that are empty, unfinished or no object",
        "an object that holds what was written, but at OpenAI, which takes any text",
        upstream("odd-answers", "breaks no session of a server that parses them"),
      ],
      [
        "ids of calls of another vendor",
        "mapped one to one where the vendor is strict, else kept",
        upstream("conversation-form", "the ids of calls"),
      ],
      [
        "any history that is valid here",
        "refused by no vendor for its form",
        upstream("conversation-form", "no vendor refuses anything that is valid here"),
      ],
      [
        "`null` in an optional field, at any depth",
        "as if it were not sent",
        show("test/wire/contract-nulls.test.ts", "null is absent"),
      ],
      [
        "edited, regenerated, trimmed and compacted histories under a chat id header",
        "what the client tells is the conversation",
        session("whole-history", "a client that names its chat tells the whole conversation"),
      ],
      [
        "an answer given back trimmed or with other line ends",
        "keeps the steps of the agent's tools",
        session("whole-history", "the steps that no client sees"),
      ],
      [
        "requests for titles, tags and summaries (Open WebUI, opencode)",
        "answered, and no part of the session",
        session("clients", "a side task of a client"),
      ],
    ],
  },
  {
    title: "MCP tool servers",
    rows: [
      [
        "a tool without a usable name or schema, `null` in optional fields",
        "left out alone, with a warning that names server, tool and field; null is absent",
        upstream("odd-tool-servers", "is used but for the tools that cannot be used, and each of these is named once"),
      ],
      [
        "schemas with types that are none, draft 4, lists without items, objects without properties",
        "put into the words that vendors take: one of them would have every call of the agent refused",
        upstream("odd-tool-servers", "a schema of arguments %s"),
      ],
      [
        "no capabilities or revision in the greeting",
        "the server is asked for its tools all the same",
        upstream("odd-tool-servers", "works after a greeting with %s"),
      ],
      [
        "JSON by another type, a failure with a status of its own, a refused notice",
        "read, shown to the model, passed over",
        show("src/tool/mcp/http-transport.test.ts", "an answer that %s is read"),
        show(
          "src/tool/mcp/http-transport.test.ts",
          "what a call that fails with a status of %d says in JSON is its result",
        ),
        show("src/tool/mcp/http-transport.test.ts", "a server that answers %d to a notice is used nevertheless"),
      ],
      ["a list of many pages", "read to its end, within a bound", upstream("odd-tool-servers", "a list of many pages")],
      [
        "results with nulls, unknown blocks, links, structured content, `toolResult`",
        "shown to the model: the tool has run",
        upstream("odd-tool-servers", "a result of %s is shown, for the tool has run"),
      ],
      [
        "images and sounds",
        "reach a model that takes them, within the limits of `media`; else a note says what they were",
        upstream("tool-media", "an image of a tool reaches the model"),
        upstream("tool-media", "what a model cannot be shown is named, and why it is not shown"),
      ],
      [
        "a server that is dead or odd",
        "`clawgate doctor` names it, its tools and what to do",
        show("test/command/doctor-tools.test.ts", "`doctor` on tool servers"),
      ],
    ],
  },
  {
    title: "Clients",
    rows: [
      [
        "`openai` for Node, majors 4 to 7",
        "chat, streams, tools, structured output, errors, aborts",
        show("test/client/openai.test.ts", "openai $major"),
      ],
      [
        "AI SDK (`ai`, `@ai-sdk/openai-compatible`)",
        "text, tools, objects, images, reasoning",
        show("test/client/ai-sdk.test.ts", "$way runs a tool, and the model gets its result under the id of the call"),
      ],
      [
        "the Responses API, embeddings, completions",
        "404 that says what to switch, and for whom there is nothing to switch",
        show("test/wire/not-served.test.ts", "the SDK shows the advice, and asks once"),
      ],
      [
        "talk that mentions a tool, to the built-in assistant",
        "answered in words",
        show("src/model/embedded/assistant.test.ts", "makes no call of talk: %j"),
      ],
      [
        "questions in quotes, reminders, blocks in tags and the prompts of frameworks, to the built-in assistant",
        "found",
        show("src/model/embedded/assistant.test.ts", "finds the question in %s"),
      ],
    ],
  },
  {
    title: "Configuration",
    rows: [
      [
        "`${NAME}` and `${NAME:-default}` inside texts, `$${` as itself",
        "filled in; a name that is not set stops the start with the key",
        show(
          "test/command/references.test.ts",
          "inside a text is filled in, in headers and addresses, and defaults stand in",
        ),
      ],
      [
        "values in quotation marks (docker `--env-file`)",
        "warned of by the start and `doctor`",
        show("test/command/references.test.ts", "quotation marks around a value"),
      ],
    ],
  },
];
