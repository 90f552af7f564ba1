import type { Mutant } from "./mutant.ts";
import { abortMutants } from "./mutants/abort.ts";
import { concurrencyMutants } from "./mutants/concurrency.ts";
import { errorMutants } from "./mutants/errors.ts";
import { errorStreamMutants } from "./mutants/errors-stream.ts";
import { nonStreamMutants } from "./mutants/nonstream.ts";
import { nonStreamWireMutants } from "./mutants/nonstream-wire.ts";
import { schemaMutants } from "./mutants/schema.ts";
import { sessionMutants } from "./mutants/sessions.ts";
import { sseMutants } from "./mutants/sse.ts";
import { streamMutants } from "./mutants/stream.ts";
import { streamEndMutants } from "./mutants/stream-end.ts";
import { streamTextMutants } from "./mutants/stream-text.ts";
import { toolMutants } from "./mutants/tools.ts";
import { toolStreamMutants } from "./mutants/tools-stream.ts";
import { usageMutants } from "./mutants/usage.ts";
import { authMutants } from "./mutants/auth.ts";
import { corsMutants, headerMutants } from "./mutants/headers.ts";
import { limitMutants } from "./mutants/limits.ts";
import { modelMutants } from "./mutants/models.ts";
import { requestBodyMutants } from "./mutants/request-body.ts";
import { requestLimitMutants } from "./mutants/request-limits.ts";
import { requestMessageMutants } from "./mutants/request-messages.ts";
import { requestPartMutants } from "./mutants/request-parts.ts";
import { requestToolMutants } from "./mutants/request-tools.ts";
import { robustMutants } from "./mutants/robust.ts";
import { routeMutants } from "./mutants/routes.ts";

/** Every mutant, area by area. */
export const mutants: readonly Mutant[] = [
  ...abortMutants,
  ...concurrencyMutants,
  ...errorMutants,
  ...errorStreamMutants,
  ...nonStreamMutants,
  ...nonStreamWireMutants,
  ...schemaMutants,
  ...sessionMutants,
  ...sseMutants,
  ...streamMutants,
  ...streamEndMutants,
  ...streamTextMutants,
  ...toolMutants,
  ...toolStreamMutants,
  ...usageMutants,
  ...authMutants,
  ...corsMutants,
  ...headerMutants,
  ...limitMutants,
  ...modelMutants,
  ...requestBodyMutants,
  ...requestLimitMutants,
  ...requestMessageMutants,
  ...requestPartMutants,
  ...requestToolMutants,
  ...robustMutants,
  ...routeMutants,
];
