import { named } from '@tidings/http';
import { bodySchemas } from '../domain/request-body.ts';
import { orderSchema } from './event-type-schemas.ts';

const example = { order_id: 'ord_7', total: 19.9 };
const description = 'An order has been paid in full.';

/** Schemas of the request bodies, with names and examples. */
export const bodies = {
  create: named('NewEventType', bodySchemas.create, {
    ...{ name: 'order.paid', description, group: 'orders' },
    ...{ schema: orderSchema, example },
  }),
  replace: named('EventTypeReplacement', bodySchemas.replace, { description, schema: orderSchema, example }),
  change: named('EventTypeChange', bodySchemas.change, { mode: 'warn' }),
  schema: named('NewEventTypeSchema', bodySchemas.schema, { schema: orderSchema, activate: true }),
} as const;
