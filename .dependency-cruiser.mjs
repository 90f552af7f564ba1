// Who may import whom. Run by `npm run lint:layers`.

/** The floors of src/, from the top: a file may import its own room and the floors below, types included. */
export const floors = [
  ["cli", "command", "index"],
  ["gateway"],
  ["generation"],
  ["runtime"],
  ["edge", "socket"],
  ["api"],
  ["run"],
  ["model", "tool", "session"],
  ["outbound"],
  ["base"],
];

const toPattern = (rooms) => `^src/(?:${rooms.join("|")})(?:/|\\.ts$)`;
const isTest = "\\.(?:test|fixture|suite|defence)\\.ts$|-types\\.ts$";

/** No room knows what is above it, nor the rooms beside it; `cli.ts` is the list of the commands. */
const downwards = floors.flatMap((rooms, floor) =>
  rooms.map((room) => {
    const beside = rooms.filter((other) => other !== room && !(room === "cli" && other === "command"));
    return {
      name: `${room}-imports-downwards`,
      comment: "Imports go down: see the table of layers in CONTRIBUTING.md.",
      severity: "error",
      from: { path: toPattern([room]), pathNot: isTest },
      to: { path: toPattern([...floors.slice(0, floor).flat(), ...beside]) },
    };
  }),
);

/** The rooms of the suite, from the top; what stands beside them in conformance/ is words that all of them share, and its doors. */
const suiteFloors = [
  ["commands", "self-test", "proof", "cases"],
  ["report", "matrix"],
  ["tell"],
  ["judge"],
  ["expectation", "recording"],
  ["lens", "reach"],
];

const inSuite = (rooms) => `^conformance/(?:${rooms.join("|")})/`;

const suiteDownwards = suiteFloors.slice(1).map((rooms, floor) => ({
  name: `suite-${rooms.join("-and-")}-downwards`,
  comment: "Who reaches a server knows no judge, who judges tells nobody: see the README of the suite.",
  severity: "error",
  from: { path: inSuite(rooms), pathNot: isTest },
  to: { path: inSuite(suiteFloors.slice(0, floor + 1).flat()) },
}));

/** Where the trees beside src/ may reach. */
const trees = {
  contract: [],
  openapi: ["contract"],
  conformance: ["contract"],
  bench: ["src", "generated", "test", "conformance"],
  examples: ["src", "generated"],
};

const apart = Object.entries(trees).map(([tree, others]) => ({
  name: `${tree}-stands-apart`,
  severity: "error",
  from: { path: `^${tree}/`, pathNot: isTest },
  to: {
    path: "^(?:src|contract|openapi|conformance|bench|examples|test|generated)/",
    pathNot: `^(?:${[tree, ...others].join("|")})/`,
  },
}));

export default {
  forbidden: [
    ...downwards,
    ...suiteDownwards,
    ...apart,
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
    {
      name: "in-a-layer",
      comment: "A file of src/ stands in one of the rooms of the table.",
      severity: "error",
      from: {},
      to: { path: "^src/", pathNot: toPattern(floors.flat()) },
    },
    {
      name: "source-stands-alone",
      comment:
        "The suite is a package of its own; its command looks for it by name, and the cases that the gateway adds use it.",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/command/conformance(?:-gateway\\.ts$|\\.ts$|/)|${isTest}` },
      to: { path: "^(?:openapi|conformance|bench|examples)/" },
    },
    {
      name: "one-door-to-generated",
      comment: "src/base/contract.ts alone imports what is generated.",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/base/contract\\.ts$|${isTest}` },
      to: { path: "^generated/" },
    },
    {
      name: "one-room-names-adapters",
      comment: "A port is a file with sentences; only runtime.ts and the port's own table name an adapter.",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/(?:runtime\\.ts|session/(?:sqlite|postgres)/|tool/mcp/)|${isTest}` },
      to: { path: "^src/(?:session/(?:sqlite|postgres)|tool/mcp)/" },
    },
    {
      name: "not-to-tests",
      comment: "What is published does not need a test's file.",
      severity: "error",
      from: { path: "^(?:src|contract|openapi|conformance|examples)/", pathNot: isTest },
      to: { path: `${isTest}|^test/|(?:^|/)node_modules/vitest/` },
    },
    {
      name: "not-to-nowhere",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(?:^|/)node_modules/|^generated/client/|^dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".mjs"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
