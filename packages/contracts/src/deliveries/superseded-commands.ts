import type { DeliveryId, SubscriptionId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/** States that a retry has taken the place of all commands of a delivery whose chain is below `chain`. */
export type CommandsSuperseded = Readonly<{
  type: 'CommandsSuperseded.v1';
  subscriptionId: SubscriptionId;
  deliveryId: DeliveryId;
  chain: number;
}>;

const checkSuperseded = compileSchema<CommandsSuperseded>(
  'CommandsSuperseded.v1',
  exactly({
    type: { const: 'CommandsSuperseded.v1' },
    subscriptionId: shape.subscriptionId,
    deliveryId: shape.deliveryId,
    chain: { type: 'integer', minimum: 1 },
  }),
);

/** Encodes a record of `tidings.superseded-commands`. Write it to the partition of the command. */
export const encodeSuperseded = (superseded: CommandsSuperseded): WireRecord => ({
  key: `${superseded.subscriptionId}/${superseded.deliveryId}`,
  headers: {},
  value: Buffer.from(JSON.stringify(superseded)),
});

/** Decodes a record of `tidings.superseded-commands`. Throws DecodeError. */
export const decodeSuperseded = (record: WireRecord): CommandsSuperseded => {
  const { value } = record;
  if (value === null) throw new DecodeError('not a valid CommandsSuperseded.v1', 'the value is missing');
  return checkSuperseded(parseJson('CommandsSuperseded.v1', value.toString('utf8')));
};
