import { type BodyFormat, type DeliveryState, dataRefOf, type EventAccepted } from '@tidings/contracts';
import { headOf, type RenderedEvent, tail } from './render-body.ts';

/** The properties of an event that the body of a command contains. */
export type DeliveredEvent = RenderedEvent & Pick<EventAccepted, 'large'>;

/**
 * A request body, and the parts of a command's state that say how it is completed: `large`, the data that are inserted when
 * it is sent, and `cloudEvent`, the headers of the binary mode of CloudEvents.
 */
export type RenderedBody = Readonly<{ body: Buffer; state: Pick<DeliveryState, 'large' | 'cloudEvent'> }>;

const nothing = Buffer.alloc(0);

/** Returns the body without the data, and the byte at which they belong. */
const frameOf = (event: DeliveredEvent, format: BodyFormat, acceptedAtMs: number) => {
  if (format === 'cloudevents-binary') return { head: nothing, end: nothing };
  return { head: Buffer.from(headOf(event, format, acceptedAtMs)), end: tail };
};

// CloudEvents 1.0, extension dataref: with it, the data may be left out. Standard Webhooks requires a member `data`.
const referenceTo = (event: DeliveredEvent, format: BodyFormat, acceptedAtMs: number): Buffer => {
  if (format === 'cloudevents-binary') return Buffer.from('null');
  const { bytes, sha256 } = event.large ?? { bytes: 0, sha256: '' };
  const reference = `"dataref":"${dataRefOf(event.id)}","databytes":${bytes},"datasha256":"${sha256}"}`;
  const head = headOf(event, format, acceptedAtMs);
  return Buffer.from(
    format === 'cloudevents' ? head.replace(/"data":$/, reference) : `${head}null,${reference}`,
  );
};

/**
 * Renders the request body in one format. The caller's data is inserted byte for byte: serialising it again would
 * change its numbers and white space and thereby the data that a partner stores or compares. In the binary mode of
 * CloudEvents it is the whole body. Large data are inserted when the body is sent, or referred to.
 */
const renderBody = (
  event: DeliveredEvent,
  { format, isReference }: Rendering,
  acceptedAtMs: number,
): RenderedBody => {
  const dataref = isReference && event.large !== undefined ? { dataref: dataRefOf(event.id) } : {};
  const cloudEvent = { source: event.source, time: event.time, ...dataref };
  const state = format === 'cloudevents-binary' ? { cloudEvent } : {};
  if (event.large !== undefined && isReference)
    return { body: referenceTo(event, format, acceptedAtMs), state };
  const { head, end } = frameOf(event, format, acceptedAtMs);
  if (event.large !== undefined)
    return {
      body: Buffer.concat([head, end]),
      state: { ...state, large: { ...event.large, at: head.length } },
    };
  const body = format === 'cloudevents-binary' ? event.data : Buffer.concat([head, event.data, end]);
  return { body, state };
};

type Rendering = Readonly<{ format: BodyFormat; isReference: boolean }>;

/**
 * Returns a function that renders each format at most once for one event. `acceptedAtMs` is the time at which the event
 * was written to the log; `isReference` asks for a reference to large data instead of them.
 */
export const deliveryRenderer = (
  event: DeliveredEvent,
  acceptedAtMs: number,
): ((format: BodyFormat, isReference?: boolean) => RenderedBody) => {
  const rendered: Partial<Record<string, RenderedBody>> = {};
  return (format, isReference = false) =>
    (rendered[`${format} ${isReference}`] ??= renderBody(event, { format, isReference }, acceptedAtMs));
};
