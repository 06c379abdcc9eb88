import type { BodyFormat, EventAccepted } from '@tidings/contracts';

const quote = (text: string): string => JSON.stringify(text);
const tail = Buffer.from('}');

const headOf = (event: EventAccepted, format: BodyFormat, acceptedAtMs: number): string => {
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
 * The request body in one format. The caller's data goes in byte for byte: re-serialising would change its numbers, its
 * white space and thereby what a partner stores or compares.
 */
const renderBody = (event: EventAccepted, format: BodyFormat, acceptedAtMs: number): Buffer =>
  Buffer.concat([Buffer.from(headOf(event, format, acceptedAtMs)), event.data, tail]);

/** Renders each format at most once for one event. */
export const bodyRenderer = (
  event: EventAccepted,
  acceptedAtMs: number,
): ((format: BodyFormat) => Buffer) => {
  const rendered: Partial<Record<BodyFormat, Buffer>> = {};
  return (format) => (rendered[format] ??= renderBody(event, format, acceptedAtMs));
};
