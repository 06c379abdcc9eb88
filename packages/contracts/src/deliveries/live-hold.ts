import type { SubscriptionId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';
import { type DeliveryRequested, decodeDelivery } from './delivery-command.ts';

/**
 * A change of the hold of a replay on an ordered subscription, in the deliveries topic: the live commands of its queues
 * that have not ended wait. `held`: written before the first command of the replay. `ending`: written behind the last
 * one; live commands continue when all before it have ended. `released`: they continue at once.
 */
export type LiveHoldChanged = Readonly<{
  type: 'LiveHoldChanged.v1';
  subscriptionId: SubscriptionId;
  /** The chain of the replay. */
  chain: number;
  state: 'held' | 'ending' | 'released';
}>;

/** A hold that is in force, in the ordering changelog. `sequence`: the offset of the change that led to its state. */
export type LiveHeld = Readonly<{
  type: 'LiveHeld.v1';
  subscriptionId: SubscriptionId;
  chain: number;
  state: 'held' | 'ending';
  sequence: number;
}>;

const hold = { subscriptionId: shape.subscriptionId, chain: shape.count };

const checkChanged = compileSchema<LiveHoldChanged>(
  'LiveHoldChanged.v1',
  exactly({
    type: { const: 'LiveHoldChanged.v1' },
    ...hold,
    state: { enum: ['held', 'ending', 'released'] satisfies LiveHoldChanged['state'][] },
  }),
);

const checkHeld = compileSchema<LiveHeld>(
  'LiveHeld.v1',
  exactly({
    type: { const: 'LiveHeld.v1' },
    ...hold,
    state: { enum: ['held', 'ending'] satisfies LiveHeld['state'][] },
    sequence: shape.count,
  }),
);

const header = 'tidings-live-hold';
const infix = '/live-hold/';

/** Encodes a change for the deliveries topic. The key is the subscription id, as that of its commands. */
export const encodeLiveHoldChanged = (changed: LiveHoldChanged): WireRecord => ({
  key: changed.subscriptionId,
  headers: { [header]: JSON.stringify(changed) },
  value: Buffer.alloc(0),
});

/** A record of the deliveries topic: a command, or a change of the hold on live ones. */
export type DeliveryInstruction = DeliveryRequested | LiveHoldChanged;

/** Returns true for a change of a hold. */
export const isLiveHoldChanged = (instruction: DeliveryInstruction): instruction is LiveHoldChanged =>
  'type' in instruction;

/** Decodes a record of the deliveries topic. Throws DecodeError. */
export const decodeInstruction = (record: WireRecord): DeliveryInstruction => {
  const text = record.headers[header];
  return text === undefined ? decodeDelivery(record) : checkChanged(parseJson('LiveHoldChanged.v1', text));
};

/** Returns the key of a hold in the ordering changelog, also that of its tombstone. */
export const liveHeldKey = ({ subscriptionId, chain }: Pick<LiveHeld, 'subscriptionId' | 'chain'>): string =>
  `${subscriptionId}${infix}${chain}`;

/** Returns true for a key of {@link liveHeldKey}: other records of the ordering changelog are entries. */
export const isLiveHeldKey = (key: string): boolean => key.includes(infix);

/** Encodes a hold for the ordering changelog. Write it to the partition of its commands. */
export const encodeLiveHeld = (held: LiveHeld): WireRecord => ({
  key: liveHeldKey(held),
  headers: { [header]: JSON.stringify(held) },
  value: Buffer.alloc(0),
});

/** Decodes a hold of the ordering changelog other than a tombstone. Throws DecodeError. */
export const decodeLiveHeld = (record: WireRecord): LiveHeld => {
  const text = record.headers[header];
  if (text === undefined) throw new DecodeError('not a valid LiveHeld.v1', `header ${header} is missing`);
  return checkHeld(parseJson('LiveHeld.v1', text));
};
