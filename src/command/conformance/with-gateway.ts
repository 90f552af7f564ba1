import { type CaseContext, type OwnSubject, withOwn } from "@clawgate/conformance";

const chatCompletions = { enabled: true };

/** The `gateway` part of a configuration in which the endpoint is on. */
export function toGateway(fields: object = {}, http: object = {}): object {
  return { port: 0, http: { endpoints: { chatCompletions }, ...http }, ...fields };
}

/** Starts a gateway with this configuration, and stops it whatever happens. */
export function withGateway<T>(context: CaseContext, config: object, run: (own: OwnSubject) => Promise<T>): Promise<T> {
  return withOwn(context, { other: config }, run);
}
