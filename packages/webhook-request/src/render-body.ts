import type { BodyFormat, EventAccepted } from '@tidings/contracts';

/** The properties of an event that a body contains. */
export type RenderedEvent = Pick<
  EventAccepted,
  'id' | 'eventType' | 'time' | 'source' | 'workspaceId' | 'data'
>;

const quote = (text: string): string => JSON.stringify(text);
/** The end of every body with a head. */
export const tail = Buffer.from('}');

type Enveloped = Exclude<BodyFormat, 'cloudevents-binary'>;

/** Returns the beginning of a body, up to the data. */
export const headOf = (
  event: Omit<RenderedEvent, 'data'>,
  format: Enveloped,
  acceptedAtMs: number,
): string => {
  const type = quote(event.eventType);
  const time = quote(event.time);
  switch (format) {
    case 'standard':
      return `{"id":"${event.id}","type":${type},"timestamp":${time},"workspace_id":"${event.workspaceId}","data":`;
    case 'plain': {
      const createdAt = new Date(acceptedAtMs).toISOString();
      return `{"id":"${event.id}","type":${type},"timestamp":${time},"created_at":"${createdAt}","workspace_id":"${event.workspaceId}","data":`;
    }
    // CloudEvents 1.0, JSON format, structured mode. Extension names have lower-case letters and digits only.
    case 'cloudevents':
      return `{"specversion":"1.0","id":"${event.id}","source":${quote(event.source)},"type":${type},"time":${time},"datacontenttype":"application/json","workspaceid":"${event.workspaceId}","data":`;
  }
};

/**
 * Renders the request body in one format. The caller's data is inserted byte for byte: serialising it again would
 * change its numbers and white space and thereby the data that a partner stores or compares. In the binary mode of
 * CloudEvents it is the whole body.
 */
const renderBody = (event: RenderedEvent, format: BodyFormat, acceptedAtMs: number): Buffer =>
  format === 'cloudevents-binary'
    ? event.data
    : Buffer.concat([Buffer.from(headOf(event, format, acceptedAtMs)), event.data, tail]);

/**
 * Returns a function that renders each format at most once for one event. `acceptedAtMs` is the time at which the event
 * was written to the log.
 */
export const bodyRenderer = (
  event: RenderedEvent,
  acceptedAtMs: number,
): ((format: BodyFormat) => Buffer) => {
  const rendered: Partial<Record<BodyFormat, Buffer>> = {};
  return (format) => (rendered[format] ??= renderBody(event, format, acceptedAtMs));
};
