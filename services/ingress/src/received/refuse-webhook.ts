import type { RefusalReason, SourceRecord } from '@tidings/contracts';
import type { Provider } from '@tidings/inbound';
import type { Metrics } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import type { ReceivedLog, RefusedWebhook } from './received-log.ts';

/** The text of every refusal: a stranger learns nothing, and the reason is in the log of the source. */
export const refusal = 'The webhook is refused.';

/** An active source and its provider. */
export type ActiveSource = Readonly<{ source: SourceRecord; provider: Provider }>;

/** Counters of refusals. */
export type RefusalParts = Readonly<{
  received: Pick<ReceivedLog, 'refused'>;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'webhooks'>;
}>;

/** The refusal of a webhook for what it is, with its reason for operators: 422 for an empty list, else 401. */
export class Refused extends AppError {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super({ code: reason === 'empty' ? 'unprocessable' : 'unauthorized', message: refusal });
    this.reason = reason;
  }
}

/** The refusal of a webhook whose body failed while it was read as a stream. It was noted when it failed. */
export class BodyRefused extends AppError {
  constructor({ code }: AppError) {
    super({ code, message: refusal });
  }
}

/** Counts a refused webhook and notes it in the log of its source. */
export function noteRefusal(
  { received, metrics }: RefusalParts,
  { source, provider }: ActiveSource,
  refused: RefusedWebhook,
): void {
  metrics.webhooks.inc({ provider: provider.name, outcome: refused.reason });
  received.refused(source, refused);
}
