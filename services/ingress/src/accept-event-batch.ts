import { traceFields } from '@tidings/observability';
import { type AcceptDependencies, type Accepted, outcomeOf, type Submission } from './accept-event.ts';
import { itemKey } from './domain/batch-item-key.ts';
import { type EventDraft, stampEvent } from './domain/stamp-event.ts';

/** An item as it was read: a draft, or the reason of its rejection. */
export type BatchItem = Readonly<{ ok: true; draft: EventDraft } | { ok: false; error: unknown }>;

/** The result of an item. An error that is not the caller's fault means unknown: the event may be in the log. */
export type ItemResult = Readonly<{ ok: true; accepted: Accepted } | { ok: false; error: unknown }>;

/** The place of items: the index by which the id of each is derived, and the pointer to it in errors. */
export type BatchPlace = Readonly<{ indexOf(at: number): number; pointerOf(at: number): string }>;

export type AcceptEventBatch = (
  items: readonly BatchItem[],
  submission: Submission,
  place?: BatchPlace,
) => Promise<readonly ItemResult[]>;

const inList: BatchPlace = { indexOf: (at) => at, pointerOf: (at) => `/events/${at}` };

/**
 * Creates the batch use case. Each item is accepted on its own: an invalid one, or one whose partition is unavailable,
 * does not affect the others. Results are in the order of the items and resolve when the last one is known.
 */
export const createAcceptEventBatch = (dependencies: AcceptDependencies): AcceptEventBatch => {
  const { clock, logger, metrics } = dependencies;
  return async (items, submission, place = inList) => {
    const beganMs = clock.monotonicMs();
    const results = await Promise.all(
      items.map(async (item, at) =>
        item.ok
          ? acceptItem(dependencies, item.draft, {
              ...{ submission, index: place.indexOf(at), pointer: place.pointerOf(at) },
            })
          : item,
      ),
    );
    const tookMs = clock.monotonicMs() - beganMs;
    const counts = countOutcomes(items, results, metrics);
    const isWhole = counts.unavailable + counts.failed === 0;
    metrics.batchEvents.observe({}, items.length);
    const { workspaceId, traceparent } = submission;
    const outcome = isWhole ? 'accepted' : 'unavailable';
    metrics.publishSeconds.observe({ outcome }, tookMs / 1_000, traceparent);
    const line = { workspaceId, events: items.length, ...counts, tookMs: Math.round(tookMs) };
    logger.info({ ...line, ...traceFields(traceparent) }, 'batch.accepted');
    return results;
  };
};

type ItemContext = Readonly<{ submission: Submission; index: number; pointer: string }>;

async function acceptItem(
  { checkConsumer, checkEventType, publish, clock }: AcceptDependencies,
  draft: EventDraft,
  { submission, index, pointer }: ItemContext,
): Promise<ItemResult> {
  const { idempotencyKey, workspaceId } = submission;
  const key = idempotencyKey === null ? null : itemKey(idempotencyKey, index);
  try {
    const location = { workspaceId, pointer };
    checkConsumer(draft.request, location);
    const notice = checkEventType(draft, location);
    const acceptedAtMs = clock.nowMs();
    const stamped = stampEvent(draft, { ...submission, idempotencyKey: key, nowMs: acceptedAtMs });
    await publish([stamped], submission);
    const { id, eventType } = stamped.event;
    return { ok: true, accepted: { id, type: eventType, acceptedAtMs, notice } };
  } catch (error) {
    return { ok: false, error };
  }
}

type Counts = { accepted: number; invalid: number; unavailable: number; failed: number; bytes: number };

function countOutcomes(
  items: readonly BatchItem[],
  results: readonly ItemResult[],
  metrics: AcceptDependencies['metrics'],
): Counts {
  const counts: Counts = { accepted: 0, invalid: 0, unavailable: 0, failed: 0, bytes: 0 };
  for (const [i, result] of results.entries()) {
    const item = items[i];
    if (item?.ok !== true) counts.invalid += 1;
    else if (!result.ok) counts[outcomeOf(result.error)] += 1;
    else {
      counts.accepted += 1;
      counts.bytes += item.draft.data.length;
    }
  }
  for (const outcome of ['accepted', 'invalid', 'unavailable', 'failed'] as const) {
    if (counts[outcome] > 0) metrics.events.inc({ outcome }, counts[outcome]);
  }
  metrics.acceptedBytes.inc({}, counts.bytes);
  return counts;
}
