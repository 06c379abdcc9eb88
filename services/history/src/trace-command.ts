import type { DeliveryRequested } from '@tidings/contracts';
import type { CreatedMessages } from '@tidings/observability';

/** Returns a command as it is sent with others of a request or a job: in the trace of its event, linked with theirs. */
export const inTrace = (
  command: DeliveryRequested,
  messages: CreatedMessages | undefined,
): DeliveryRequested => {
  if (messages === undefined) return command;
  const { deliveryId: messageId, eventId, subscriptionId, trigger } = command.state;
  const attributes = {
    'tidings.event.id': eventId,
    'tidings.subscription.id': subscriptionId,
    'tidings.trigger': trigger,
  };
  return { ...command, traceparent: messages.add({ parent: command.traceparent, messageId, attributes }) };
};
