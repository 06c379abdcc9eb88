import {
  type DeliveryRequested,
  type DeliveryState,
  decodeDelivery,
  encodeDelivery,
} from './delivery-command.ts';
import { compileSchema, exactly, parseJson, shape } from './schemas.ts';
import { DecodeError, type WireRecord } from './wire.ts';

/** A command of an ordered subscription that waits: behind an earlier one, or as the head of its line for its time. */
export type DeliveryHeld = Readonly<{
  type: 'DeliveryHeld.v1';
  /** Its place: smaller ones of the same line come first. Only chains of one delivery share a place. */
  sequence: number;
}>;

const checkHold = compileSchema<DeliveryHeld>(
  'DeliveryHeld.v1',
  exactly({ type: { const: 'DeliveryHeld.v1' }, sequence: shape.count }),
);

const header = 'tidings-hold';

/** The key of an entry: every version of it, and the tombstone that ends it. */
export const holdKey = ({
  subscriptionId,
  deliveryId,
  chain,
}: Pick<DeliveryState, 'subscriptionId' | 'deliveryId' | 'chain'>): string =>
  `${subscriptionId}/${deliveryId}/${chain}`;

/** The record of an entry: the command, ready to go on, and its place. Write it to the command's own partition. */
export const encodeHold = (held: DeliveryHeld, command: DeliveryRequested): WireRecord => {
  const { headers, value } = encodeDelivery(command);
  return { key: holdKey(command.state), headers: { ...headers, [header]: JSON.stringify(held) }, value };
};

/** Decodes a record of the holds topic that is no tombstone. Throws DecodeError. */
export const decodeHold = (
  record: WireRecord,
): Readonly<{ held: DeliveryHeld; command: DeliveryRequested }> => {
  const text = record.headers[header];
  if (text === undefined) throw new DecodeError('not a valid DeliveryHeld.v1', `header ${header} is missing`);
  return { held: checkHold(parseJson('DeliveryHeld.v1', text)), command: decodeDelivery(record) };
};
