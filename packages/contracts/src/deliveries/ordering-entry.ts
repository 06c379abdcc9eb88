import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';
import {
  type DeliveryRequested,
  type DeliveryState,
  decodeDelivery,
  encodeDelivery,
} from './delivery-command.ts';

/** An entry of an ordered queue that waits: behind an earlier entry, or as the head until its time. */
export type OrderingEntry = Readonly<{
  type: 'DeliveryHeld.v1';
  /** Position in its ordered queue: smaller ones come first. Only chains of one delivery share a position. */
  sequence: number;
}>;

const checkOrderingEntry = compileSchema<OrderingEntry>(
  'DeliveryHeld.v1',
  exactly({ type: { const: 'DeliveryHeld.v1' }, sequence: shape.count }),
);

const header = 'tidings-hold';

/** Returns the key of an entry: the same for every version of it and for the tombstone that ends it. */
export const orderingEntryKey = ({
  subscriptionId,
  deliveryId,
  chain,
}: Pick<DeliveryState, 'subscriptionId' | 'deliveryId' | 'chain'>): string =>
  `${subscriptionId}/${deliveryId}/${chain}`;

/**
 * Encodes an entry for the ordering changelog: the command, ready to continue, and its position. Write it to the
 * partition of the command.
 */
export const encodeOrderingEntry = (entry: OrderingEntry, command: DeliveryRequested): WireRecord => {
  const { headers, value } = encodeDelivery(command);
  return {
    key: orderingEntryKey(command.state),
    headers: { ...headers, [header]: JSON.stringify(entry) },
    value,
  };
};

/** Decodes a record of the ordering changelog (`tidings.holds`) other than a tombstone. Throws DecodeError. */
export const decodeOrderingEntry = (
  record: WireRecord,
): Readonly<{ entry: OrderingEntry; command: DeliveryRequested }> => {
  const text = record.headers[header];
  if (text === undefined) throw new DecodeError('not a valid DeliveryHeld.v1', `header ${header} is missing`);
  return { entry: checkOrderingEntry(parseJson('DeliveryHeld.v1', text)), command: decodeDelivery(record) };
};
