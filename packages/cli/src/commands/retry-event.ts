import { type CommandSpec, inPath, onceHeader, onceOption } from '../command.ts';

/** tidings events retry */
export const retryEventCommand: CommandSpec = {
  name: 'events retry',
  description: 'send the deliveries of an event again now, each with its webhook-id',
  args: [{ name: 'id', description: 'id of the event, evt_…' }],
  options: [
    {
      flags: '--subscription <id>',
      description: 'only the delivery to this subscription, sub_…',
      many: true,
    },
    onceOption,
  ],
  examples: [
    'events retry evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
    'events retry evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f --subscription sub_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
  ],
  view: 'object',
  request: (given) => ({
    method: 'POST',
    path: `/v1/webhooks/events/${inPath(given, 'id')}/retry`,
    body: { subscription_ids: given.options['subscription'] },
    headers: onceHeader(given),
  }),
};
