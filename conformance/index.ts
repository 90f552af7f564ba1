export type { Host } from "./host.ts";
export { runConformance } from "./program.ts";
export { startProgram } from "./start.ts";
export type { OwnSubject } from "./subject.ts";
export type { Terminal } from "./terminal.ts";
