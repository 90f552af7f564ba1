// What generated code and servers use at run time. `./generate` makes the code, `./fetch` serves it without a framework.
export { type AnswerCheck, type CheckedAnswer, createAnswerCheck, noAnswerCheck } from "./runtime/answer-check.ts";
export { bind, type BindOptions, type Bound, type ContractRequest } from "./runtime/bind.ts";
export { type Brake, createBrake } from "./runtime/brake.ts";
export {
  assertValid,
  type Check,
  type FullCheck,
  isValid,
  noBody,
  noParameters,
  toCheck,
  toFullCheck,
} from "./runtime/check.ts";
export { type EventBodyOptions, toEventBody } from "./runtime/event-body.ts";
export type { Expected, Finding } from "./runtime/finding.ts";
export type { Flow, Listener } from "./runtime/listener.ts";
export { createParameterReader, type ReadText } from "./runtime/parameters.ts";
export type { AnyReply, Body, Call, EventStream, Handler, Handlers, Parameters, Reply } from "./runtime/reply.ts";
export { listHeaders } from "./runtime/reply-headers.ts";
export { type RequestPart, RequestViolation } from "./runtime/request-violation.ts";
export {
  type AnyRow,
  listIds,
  listPathParameters,
  type ParameterRow,
  type ResponseRow,
  type Row,
  type Rows,
  toPattern,
  toWholeType,
} from "./runtime/row.ts";
export { toParam, toViolation, type Violation, type ViolationCode } from "./runtime/violation.ts";
