import type { Case } from "./case.ts";
import { abortWireCases } from "./cases/abort-wire.ts";
import { abortCases } from "./cases/abort.ts";
import { authGuardCases } from "./cases/auth-guard.ts";
import { authCases } from "./cases/auth.ts";
import { connectionCases } from "./cases/concurrency-wire.ts";
import { concurrencyCases } from "./cases/concurrency.ts";
import { corsCases } from "./cases/cors.ts";
import { disabledCases } from "./cases/disabled.ts";
import { errorHttpCases } from "./cases/errors-http.ts";
import { errorRetryCases } from "./cases/errors-retry.ts";
import { errorSdkCases } from "./cases/errors-sdk.ts";
import { errorStreamCases } from "./cases/errors-stream.ts";
import { errorCases } from "./cases/errors.ts";
import { headerCases } from "./cases/headers.ts";
import { limitAnswerCases } from "./cases/limits-answer.ts";
import { limitCases } from "./cases/limits.ts";
import { modelUseCases } from "./cases/models-use.ts";
import { modelCases } from "./cases/models.ts";
import { nonStreamFieldCases } from "./cases/nonstream-fields.ts";
import { nonStreamWireCases } from "./cases/nonstream-wire.ts";
import { nonStreamCases } from "./cases/nonstream.ts";
import { requestBodyCases } from "./cases/request-body.ts";
import { requestEffectCases } from "./cases/request-effects.ts";
import { requestFieldCases } from "./cases/request-fields.ts";
import { requestFormatCases } from "./cases/request-formats.ts";
import { requestLimitCases } from "./cases/request-limits.ts";
import { requestMessageCases } from "./cases/request-messages.ts";
import { requestReplayCases } from "./cases/request-replay.ts";
import { requestToolCases } from "./cases/request-tools.ts";
import { robustFramingCases } from "./cases/robust-framing.ts";
import { robustFuzzCases } from "./cases/robust-fuzz.ts";
import { robustTextCases } from "./cases/robust-text.ts";
import { robustnessCases } from "./cases/robustness.ts";
import { routeTargetCases } from "./cases/routes-target.ts";
import { routeCases } from "./cases/routes.ts";
import { schemaFinishCases } from "./cases/schema-finish.ts";
import { schemaCases } from "./cases/schema.ts";
import { sdkEdgeCases } from "./cases/sdk-edges.ts";
import { sdkHelperCases } from "./cases/sdk-helpers.ts";
import { sdkCases } from "./cases/sdk.ts";
import { sessionTurnCases } from "./cases/sessions-turns.ts";
import { sessionCases } from "./cases/sessions.ts";
import { sseByteCases } from "./cases/sse-bytes.ts";
import { sseDeliveryCases } from "./cases/sse-delivery.ts";
import { sseCases } from "./cases/sse.ts";
import { streamEndCases } from "./cases/stream-end.ts";
import { streamTextCases } from "./cases/stream-text.ts";
import { streamCases } from "./cases/stream.ts";
import { toolChoiceCases } from "./cases/tools-choice.ts";
import { toolRoundCases } from "./cases/tools-rounds.ts";
import { toolStreamCases } from "./cases/tools-stream.ts";
import { toolCases } from "./cases/tools.ts";
import { usagePartCases } from "./cases/usage-parts.ts";
import { usageCases } from "./cases/usage.ts";

/** Every case of the suite, area by area in the order of the catalogue. */
export const cases: readonly Case[] = [
  ...authGuardCases,
  ...authCases,
  ...routeTargetCases,
  ...routeCases,
  ...requestBodyCases,
  ...requestEffectCases,
  ...requestFieldCases,
  ...requestFormatCases,
  ...requestLimitCases,
  ...requestMessageCases,
  ...requestReplayCases,
  ...requestToolCases,
  ...nonStreamFieldCases,
  ...nonStreamWireCases,
  ...nonStreamCases,
  ...streamEndCases,
  ...streamTextCases,
  ...streamCases,
  ...sseByteCases,
  ...sseDeliveryCases,
  ...sseCases,
  ...toolChoiceCases,
  ...toolRoundCases,
  ...toolStreamCases,
  ...toolCases,
  ...schemaFinishCases,
  ...schemaCases,
  ...usagePartCases,
  ...usageCases,
  ...sessionTurnCases,
  ...sessionCases,
  ...errorHttpCases,
  ...errorRetryCases,
  ...errorSdkCases,
  ...errorStreamCases,
  ...errorCases,
  ...limitAnswerCases,
  ...limitCases,
  ...headerCases,
  ...abortWireCases,
  ...abortCases,
  ...connectionCases,
  ...concurrencyCases,
  ...robustFramingCases,
  ...robustFuzzCases,
  ...robustTextCases,
  ...robustnessCases,
  ...modelUseCases,
  ...modelCases,
  ...sdkEdgeCases,
  ...sdkHelperCases,
  ...sdkCases,
  ...disabledCases,
  ...corsCases,
];
