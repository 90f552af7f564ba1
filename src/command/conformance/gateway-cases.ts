// What this gateway adds to the suite. It is loaded with the suite only, so it may import from it.
import type { Case, Host, Mutant } from "@clawgate/conformance";
import { authCases } from "./auth-cases.ts";
import { disabledCases } from "./disabled-cases.ts";
import { keyCases } from "./key-cases.ts";
import { loadCases } from "./load-cases.ts";
import { runCases } from "./run-cases.ts";
import { runMutants } from "./run-mutants.ts";
import { wireCases } from "./wire-cases.ts";
import { wireMutants } from "./wire-mutants.ts";

/** Cases that no other server can be held to: they start gateways with a configuration, or ask for what only this one has. */
export const cases: readonly Case[] = [
  ...authCases,
  ...disabledCases,
  ...keyCases,
  ...loadCases,
  ...runCases,
  ...wireCases,
];
export const mutants: readonly Mutant[] = [...wireMutants, ...runMutants];
export const titles: NonNullable<Host["titles"]> = {
  DIS: "The disabled endpoint",
  KEY: "Named keys",
  RUN: "Runs that go on",
};
