import type { ConsumerId, SubscriptionId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/**
 * A circuit breaker that has opened, or opened again after a failed probe. Times are epoch milliseconds. When it closes,
 * a tombstone follows.
 */
export type BreakerOpened = Readonly<{
  type: 'BreakerOpened.v1';
  subscriptionId: SubscriptionId;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  /** The time from which the endpoint has failed. */
  sinceMs: number;
  /** The time of the next probe, if a command is due then. */
  probeAtMs: number;
  atMs: number;
}>;

const check = compileSchema<BreakerOpened>(
  'BreakerOpened.v1',
  exactly({
    type: { const: 'BreakerOpened.v1' },
    subscriptionId: shape.subscriptionId,
    workspaceId: shape.workspaceId,
    consumerId: shape.nullableText,
    sinceMs: shape.epochMs,
    probeAtMs: shape.epochMs,
    atMs: shape.epochMs,
  }),
);

/** Encodes a record of the breakers topic; its key is the subscription id. */
export const encodeBreakerOpened = (fact: BreakerOpened): WireRecord => ({
  key: fact.subscriptionId,
  headers: {},
  value: Buffer.from(JSON.stringify(fact)),
});

/** Encodes the tombstone of a breaker that has closed. */
export const encodeBreakerClosed = (id: SubscriptionId): WireRecord => ({
  key: id,
  headers: {},
  value: null,
});

/** Decodes a record of the breakers topic other than a tombstone. Throws DecodeError. */
export const decodeBreakerOpened = (record: WireRecord): BreakerOpened => {
  if (record.value === null) throw new DecodeError('not a valid BreakerOpened.v1', 'the value is missing');
  return check(parseJson('BreakerOpened.v1', record.value.toString('utf8')));
};
