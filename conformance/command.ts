import { Command, Option } from "commander";
import { cases as generic } from "./cases.ts";
import {
  collect,
  parseCapabilities,
  parseCount,
  parseFile,
  parseHeader,
  parseHeaderSource,
  parseList,
  parseMajors,
  parseTime,
  parseTimeout,
} from "./commands/flags.ts";
import { buildMatrix, type MatrixFlags } from "./commands/matrix.ts";
import { createRunAction, type RunFlags } from "./commands/run.ts";
import { proveCases } from "./commands/prove.ts";
import { diffReports, explainCase, listCases, mergeReports, reproCase } from "./commands/read.ts";
import { toOrdered } from "./folder.ts";
import { type Host, standalone } from "./host.ts";
import { runSelfTest } from "./self-test/command.ts";
import { profiles } from "./reach/subject.ts";
import { listSets } from "./sets.ts";
import { type Terminal, UsageError } from "./terminal.ts";

/** The suite as a command, with everything that it can do. */
export function createConformanceCommand(terminal: Terminal, host: Host = standalone): Command {
  const own = host.start === undefined ? "" : ` Without it and --start ${host.name ?? "the host"} itself is started.`;
  const cases = toOrdered([...generic, ...(host.cases ?? [])]);
  const command = new Command(host.words)
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.note(text.replace(/\n$/, "")),
      outputError: (text, write) => write(text.replace(/^error: /, `${host.words}: `)),
    })
    .exitOverride()
    .description("prove an OpenAI-compatible server: run the suite on it and report what breaks which client")
    .option("--base-url <url>", `The server, as an SDK would be given it (ends in /v1).${own}`)
    .option(
      "--start <command>",
      "Start a server for the run, at the first http address that it prints; {port} in it and in --base-url is a free port.",
    )
    .option("--model <name>", "what to ask for", host.model)
    .option("--name <name>", "how the reports call the server")
    .option("--server-version <version>", "which version of the server it is, for the reports and the matrix")
    .option("--api-key-file <file>", "where the key stands; else OPENAI_API_KEY")
    .addOption(
      new Option("--header <field>", "send it with every request, as in `name: value`; may be given several times")
        .argParser(parseHeader)
        .default({}, "none"),
    )
    .addOption(
      new Option("--header-env <name=variable>", "a header whose value is secret and stands in this variable")
        .argParser(parseHeaderSource)
        .default({}, "none"),
    )
    .addOption(
      new Option("--header-file <name=file>", "a header whose value is secret and stands in this file")
        .argParser(parseHeaderSource)
        .default({}, "none"),
    )
    .option("--query <name=value>", "a parameter of every address; may be given several times", collect, [])
    .option("--proxy <url>", "go through this proxy; else as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say")
    .addOption(
      new Option(
        "--profile <profile>",
        "chat: any server; gateway: one with agents and sessions; websocket: OpenClaw's gateway protocol, at a ws address",
      ).choices(profiles),
    )
    .option("--sdk <majors>", "majors of the openai SDK to look through", parseMajors, [7, 6, 5, 4])
    .option("--only <globs>", "only these cases or groups, as in `SS-*,TOOL`", parseList, [])
    .option("--skip <globs>", "all but these", parseList, [])
    .addOption(
      new Option("--fail-on <level>", "what makes the run fail").choices(["must", "doc", "should"]).default("must"),
    )
    .option("--baseline <file>", "cases that are known to fail, each with the reason (YAML or JSON)")
    .option("--write-baseline <file>", "write what fails now as a baseline to begin with")
    .addOption(
      new Option("--set <date>", "the frozen cases and levels to be judged by; newer cases are run and told apart")
        .choices(listSets())
        .default(listSets().at(-1)),
    )
    .option("--expect <names>", "capabilities that the server has; losing one fails the run", parseCapabilities, [])
    .option(
      "--manifest <file>",
      "what the server claims to have (YAML or JSON); else what it publishes at .well-known/openai-compatible.json",
    )
    .option("--since <file>", "a JSON report of an earlier run: losing a capability that it had fails the run")
    .option(
      "--wait-for <time>",
      "wait so long for the server to answer, as in 30s; 60s for one that --start has started",
      parseTime,
    )
    .addOption(
      new Option(
        "--timeout <time>",
        "how long a call may take; every other limit grows or shrinks with it. Else it is measured: 5 times a plain answer or twice the slowest of the probes, but 5s to 120s",
      ).argParser(parseTimeout),
    )
    .option("--concurrency <n>", "cases at once", parseCount, 4)
    .option("--seed <n>", "for the cases that choose at random", parseCount, 1)
    .option(
      "--report <kind=file>",
      "junit, json, matrix, html, md, badge or baseline; may be given several times",
      collect,
      [],
    )
    .option(
      "--record <file>",
      "write all that goes over the connections, with its times and without secrets",
      parseFile,
    )
    .option(
      "--replay <file>",
      "judge again what --record has written: no server is called, no key is needed",
      parseFile,
    )
    .addHelpText(
      "after",
      `
Exit status: 0 fine, 1 the server failed something (or a case passed that the baseline expects to fail), 2 usage, 3 the
server cannot be reached or died on the way, 4 the suite itself erred.

Examples:
  $ OPENAI_API_KEY=… ${host.words} --base-url http://127.0.0.1:8000/v1 --model llama-3 --report html=report.html
  $ ${host.words} --start "my-server --port {port}" --base-url http://127.0.0.1:{port}/v1 --model my-model
  $ ${host.words} repro SS-13 --base-url http://127.0.0.1:8000/v1 --model llama-3`,
    )
    .action((flags: RunFlags) => createRunAction(cases, host, terminal)(flags));

  command
    .command("list")
    .description("every case, with level and requirement; `--only` chooses")
    .option("--json", "as JSON")
    .option("--markdown", "as the catalogue, group by group")
    .action((_flags: object, self: Command) => listCases(cases, self.optsWithGlobals(), host, terminal));
  command
    .command("explain <id>")
    .description("what a case requires, and why")
    .action((id: string) => explainCase(cases, id, host, terminal));
  command
    .command("prove [ids...]")
    .description(
      "show that a client breaks without what a case requires: the named client, here, on a server with one fault",
    )
    .option(
      "--write <file>",
      "look for proofs anew and write them, for the cases that are named or else for every MUST",
      parseFile,
    )
    .action((ids: string[], _flags: object, self: Command) =>
      proveCases(cases, ids, self.optsWithGlobals(), host, terminal),
    );
  command
    .command("repro <id>")
    .description("run one case and print its requests as curl, and the same with the SDK")
    .action((id: string, _flags: object, self: Command) =>
      reproCase(cases, id, self.optsWithGlobals(), host, terminal),
    );
  command
    .command("diff <a> <b>")
    .description("what changed between two JSON reports; ends with 1 if something got worse")
    .action((a: string, b: string) => diffReports(a, b, terminal));
  command
    .command("merge <reports...>")
    .description("one page or summary of several JSON reports")
    .option("--to <kind=file>", "html or md; may be given several times", collect, [])
    .action((files: string[], flags: { to: string[] }) => mergeReports(files, flags.to, terminal));
  command
    .command("matrix <folder>")
    .description(
      "static pages of all JSON reports in a folder: server by version and set, requirement by server, history",
    )
    .option("--to <folder>", "where the pages go")
    .option("--markdown <file>", "a table of the servers and what there is to mend, in Markdown")
    .option("--guide <url>", "the page that says how to add a server, for a link to it")
    .action((folder: string, flags: MatrixFlags) => buildMatrix(folder, flags, terminal));
  command
    .command("self-test")
    .description(
      "prove the suite itself: every fault in a set of broken servers is found, and no legal variant is blamed",
    )
    .option(
      "--table <file>",
      "write which fault each case is proven to find: JSON if the name ends in .json, else Markdown; may be given several times",
      (file: string, previous: readonly string[]) => [...previous, parseFile(file)],
      [],
    )
    .addHelpText(
      "after",
      "\n`--only` takes the names of mutants and variants, and of cases and groups: all that they must find.",
    )
    .action((_flags: object, self: Command) => runSelfTest(cases, self.optsWithGlobals(), host, terminal));
  for (const one of command.commands) refuseIdleOptions(one, command);
  return command;
}

const subjectOptions = [
  "baseUrl",
  "start",
  "model",
  "apiKeyFile",
  "header",
  "headerEnv",
  "headerFile",
  "query",
  "proxy",
  "profile",
  "waitFor",
  "timeout",
];

/** Of the options of the suite those that its commands obey, by their names in the flags. */
const obeyed: Readonly<Record<string, readonly string[]>> = {
  list: ["only", "skip", "profile"],
  prove: subjectOptions,
  repro: [...subjectOptions, "sdk", "seed"],
  "self-test": [...subjectOptions, "only"],
};

/** What is given and would change nothing is a mistake, which nobody shall have to find out from the result. */
function refuseIdleOptions(one: Command, suite: Command): void {
  const names = obeyed[one.name()] ?? [];
  const long = suite.options.flatMap((option) => (names.includes(option.attributeName()) ? [option.long] : []));
  if (long.length > 0) one.addHelpText("after", `\nOf the options of ${suite.name()} it obeys ${long.join(", ")}.`);
  one.hook("preAction", () => {
    const isIdle = (option: Option): boolean =>
      suite.getOptionValueSource(option.attributeName()) === "cli" && !names.includes(option.attributeName());
    const idle = suite.options.filter(isIdle).map(({ long: name }) => name);
    if (idle.length > 0)
      throw new UsageError(
        `\`${one.name()}\` does not obey ${idle.join(", ")}${long.length === 0 ? "" : `, but ${long.join(", ")}`}.`,
      );
  });
}
