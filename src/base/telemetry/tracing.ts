import type { Attributes, Context, Span } from "@opentelemetry/api";
import { names } from "./attribute-names.ts";

/** The span that another one is part of, as OpenTelemetry's library hands it around; nobody else looks into it. */
export type TraceContext = object;

export interface TraceSpan {
  /** For the spans that are part of it. */
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  rename(name: string): void;
  /** `failure` is a code of the contract, or another word of a closed set. Only the first call counts. */
  end(failure?: string): void;
}

/** What is undefined is not there. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export type SpanSide = "server" | "client" | "internal";

/** Spans for whoever has registered an SDK of OpenTelemetry in this process. */
export interface Tracing {
  /** Whether spans hold messages, arguments and results. */
  readonly content: boolean;
  /** The span that a request's headers name, if they do, in whatever form the SDK reads. */
  read(headers: Readonly<Record<string, string | string[] | undefined>>): TraceContext;
  /** The headers that name a span to another server. */
  write(context: TraceContext): Readonly<Record<string, string>>;
  start(name: string, side: SpanSide, parent: TraceContext | undefined, attributes: SpanAttributes): TraceSpan;
}

export interface TracingOptions {
  readonly traces: boolean;
  readonly content: boolean;
}

/** The library keeps under this symbol what an SDK registers, so that all copies of it in a process find that. */
const registry = Symbol.for("opentelemetry.js.api.1");

/**
 * Undefined where tracing is switched off, or nobody has registered an SDK: then the library is not even loaded, and
 * nothing of all this is done for a request.
 */
export async function loadTracing({ traces, content }: TracingOptions): Promise<Tracing | undefined> {
  const registered = (globalThis as { [registry]?: { readonly trace?: unknown } })[registry];
  if (!traces || registered?.trace === undefined) return undefined;
  const { propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = await import("@opentelemetry/api");
  const tracer = trace.getTracer("clawgate");
  const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };

  function toSpan(span: Span, context: Context): TraceSpan {
    return {
      context,
      set: (attributes) => void span.setAttributes(toDefined(attributes)),
      rename: (name) => void span.updateName(name),
      end(failure) {
        if (failure !== undefined) {
          span.setAttribute(names.errorType, failure);
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      },
    };
  }

  return {
    content,
    read: (headers) => propagation.extract(ROOT_CONTEXT, headers),
    write(context) {
      const headers: Record<string, string> = {};
      propagation.inject(context as Context, headers);
      return headers;
    },
    start(name, side, parent, attributes) {
      const above = (parent ?? ROOT_CONTEXT) as Context;
      const span = tracer.startSpan(name, { kind: kinds[side], attributes: toDefined(attributes) }, above);
      return toSpan(span, trace.setSpan(above, span));
    },
  };
}

function toDefined(attributes: SpanAttributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [[name, typeof value === "object" ? [...value] : value]];
    }),
  );
}
