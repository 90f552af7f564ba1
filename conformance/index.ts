export { runConformance } from "./program.ts";
export { startProgram } from "./reach/start.ts";
export type { Host } from "./host.ts";
export type { OwnSubject, Subject, Wishes } from "./reach/subject.ts";
export type { Terminal } from "./terminal.ts";

// For the cases that a host brings along: what they are, and what those of the suite judge with.
export { type Case, defineCases } from "./case.ts";
export type { CaseContext } from "./context.ts";
export { expectEqual, expectText, expectThat, Failure, Skip } from "./expect.ts";
export { connect } from "./lens/socket.ts";
export { randomUUID } from "./unique.ts";
export { readStream, type StreamReading } from "./lens/stream.ts";
export type { WireAnswer } from "./lens/wire.ts";
export { sendOwn, withOwn } from "./cases/own-server.ts";
export { ask, brief, expectRefusal, expectStatus, unknownPath } from "./cases/routes-answers.ts";
export { waitForHead } from "./cases/routes-raw.ts";
export { fromSdk, refusedBySdk } from "./cases/routes-sdk.ts";
export { defineMutants, type Mutant } from "./self-test/mutant.ts";
