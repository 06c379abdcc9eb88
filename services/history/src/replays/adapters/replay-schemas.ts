import { named, timeParameter } from '@tidings/http';

const maxTypes = 50;

/** Schema of the `target` of a replay: exactly one of its fields is given. */
const target = {
  type: 'object',
  description: 'The subscriptions that receive the events: exactly one of the fields.',
  properties: {
    subscription_id: {
      type: 'string',
      pattern: '^sub_[0-9A-Za-z]{1,64}$',
      description: 'This subscription, which may be newer than the events.',
    },
    all: { type: 'boolean', const: true, description: 'Every subscription that matches now.' },
    missing: {
      type: 'boolean',
      const: true,
      description: 'As `all`, but only what was never delivered and has no attempt to come.',
    },
  },
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
} as const;

const offsets = {
  type: 'object',
  description:
    'Instead of times: for each partition of the events topic its first offset, and the offset after the last one. Requires a key of the workspace.',
  patternProperties: {
    '^(0|[1-9][0-9]{0,5})$': {
      type: 'array',
      items: { type: 'integer', minimum: 0 },
      minItems: 2,
      maxItems: 2,
    },
  },
  additionalProperties: false,
  minProperties: 1,
} as const;

const switches = {
  as_new: {
    type: 'boolean',
    default: false,
    description:
      'True: each delivery gets a new `webhook-id`. By default it keeps its id, and receivers that remember ids ignore it.',
  },
  hold_live: {
    type: 'boolean',
    default: false,
    description:
      'True: live events of the ordered subscription `target.subscription_id` wait until the replay has ended, is paused or cancelled. More than the bound of its queue become dead letters, `backlog-full`.',
  },
  dry_run: {
    type: 'boolean',
    default: false,
    description: 'True: the job only counts what it would send, as `to_send`.',
  },
} as const;

/** The body of a request for a replay. */
export const replayBodySchema = (maxRate: number) =>
  named(
    'CreateReplay',
    {
      type: 'object',
      properties: {
        from: timeParameter(
          'Only events accepted at or after this time. Required, unless `offsets` is given.',
        ),
        to: timeParameter('Only events accepted before this time. Default: now.'),
        offsets,
        types: {
          type: 'array',
          items: { type: 'string', minLength: 1, maxLength: 128 },
          maxItems: maxTypes,
          uniqueItems: true,
          description: 'Only events of these types; `order.*` stands for all that begin with `order.`.',
        },
        filter: {
          type: 'object',
          description: 'Only events whose data pass this filter, in the language of subscription filters.',
        },
        target,
        ...switches,
        rate_per_second: {
          type: 'integer',
          minimum: 1,
          maximum: maxRate,
          description: 'Maximum number of webhooks a second for each endpoint. Default: set by the operator.',
        },
      },
      required: ['target'],
      additionalProperties: false,
    },
    {
      from: '2026-11-22T10:00:00Z',
      to: '2026-11-22T12:00:00Z',
      types: ['order.*'],
      target: { missing: true },
    },
  );
