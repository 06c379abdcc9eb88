import { randomUUID } from 'node:crypto';
import {
  type ConsumerToken,
  consumerAccessJson,
  type PortalLink,
  portalAccessJson,
} from '../client/consumer-access.ts';
import type { BatchResult, Published, TidingsClient } from '../client/create-client.ts';
import { batchJson, type EventInput, eventJson } from '../client/event-input.ts';
import { checkPublishOptions, type PublishOptions } from '../client/publish-options.ts';
import type { AnyEvents, TypeOf } from '../event-map.ts';

/** An event that a test published: its fields, and `data` as a receiver would parse it. */
export type PublishedEvent<Events extends object = AnyEvents> = {
  [Type in TypeOf<Events>]: Omit<EventInput, 'type' | 'data' | 'dataJson'> &
    Readonly<{ type: Type; data: Events[Type]; options: PublishOptions }>;
}[TypeOf<Events>];

type EventOf<Events extends object, Type extends TypeOf<Events>> = Extract<
  PublishedEvent<Events>,
  Readonly<{ type: Type }>
>;

/** A client that publishes nothing, records every event and asserts what was published. */
export type FakeTidings<Events extends object = AnyEvents> = TidingsClient<Events> &
  Readonly<{
    /** The events that were published, in order. */
    published: readonly PublishedEvent<Events>[];
    /**
     * Returns the first event of the type for which the predicate is true. Throws an Error that lists what was published
     * instead if there is none.
     */
    assertPublished: <Type extends TypeOf<Events>>(
      type: Type,
      predicate?: (event: EventOf<Events, Type>) => boolean,
    ) => EventOf<Events, Type>;
    /** Throws an Error that lists them if there is an event of the type for which the predicate is true. */
    assertNotPublished: <Type extends TypeOf<Events>>(
      type: Type,
      predicate?: (event: EventOf<Events, Type>) => boolean,
    ) => void;
    /** Throws an Error that lists them if any event was published. */
    assertNothingPublished: () => void;
    /** Forgets what was published. */
    clear: () => void;
  }>;

const maxShown = 20;
const maxShownChars = 200;
const tokenMs = 900_000;

/**
 * Creates a client for the tests of your producer. It accepts every event; it throws the same TypeErrors as the real
 * client.
 */
export function fakeTidings<Events extends object = AnyEvents>(): FakeTidings<Events> {
  const published: PublishedEvent<Events>[] = [];
  const record = (event: EventInput, options: PublishOptions): Published => {
    const { data, dataJson, ...fields } = event;
    const parsed: unknown = JSON.parse(dataJson ?? JSON.stringify(data));
    published.push({ ...fields, data: parsed, options } as PublishedEvent<Events>);
    return { id: `evt_${randomUUID()}`, type: event.type, acceptedAt: new Date() };
  };
  return {
    published,
    publish: async (event, options = {}) => {
      checkPublishOptions(options);
      eventJson(event as EventInput);
      return record(event as EventInput, options);
    },
    publishBatch: async (events, options = {}) => {
      checkPublishOptions(options);
      batchJson(events as readonly EventInput[]);
      return events.map((event): BatchResult => ({ ok: true, ...record(event as EventInput, options) }));
    },
    ...fakeAccess(),
    ...assertionsOf(published),
    clear: () => void published.splice(0),
  };
}

function fakeAccess(): Pick<TidingsClient, 'createConsumerToken' | 'createPortalLink'> {
  const token = (): ConsumerToken => ({
    token: `fake_${randomUUID()}`,
    expiresAt: new Date(Date.now() + tokenMs),
  });
  return {
    createConsumerToken: async (access) => {
      consumerAccessJson(access);
      return token();
    },
    createPortalLink: async (access): Promise<PortalLink> => {
      portalAccessJson(access);
      const { token: secret, expiresAt } = token();
      return { token: secret, expiresAt, url: `https://portal.invalid/portal#token=${secret}` };
    },
  };
}

type Assertions<Events extends object> = Pick<
  FakeTidings<Events>,
  'assertPublished' | 'assertNotPublished' | 'assertNothingPublished'
>;

function assertionsOf<Events extends object>(
  published: readonly PublishedEvent<Events>[],
): Assertions<Events> {
  const find = <Type extends TypeOf<Events>>(
    type: Type,
    predicate: (event: EventOf<Events, Type>) => boolean = () => true,
  ): EventOf<Events, Type> | undefined =>
    published.find((event) => event.type === type && predicate(event as EventOf<Events, Type>)) as
      | EventOf<Events, Type>
      | undefined;
  return {
    assertPublished: (type, predicate) => {
      const found = find(type, predicate);
      if (found !== undefined) return found;
      const matching = predicate === undefined ? '' : ' for which the predicate is true';
      throw new Error(`no '${type}' was published${matching}: ${listOf(published)}`);
    },
    assertNotPublished: (type, predicate) => {
      const found = find(type, predicate);
      if (found !== undefined) throw new Error(`'${type}' was published: ${shown(found)}`);
    },
    assertNothingPublished: () => {
      if (published.length > 0) throw new Error(`something was published: ${listOf(published)}`);
    },
  };
}

function listOf(events: readonly object[]): string {
  if (events.length === 0) return 'nothing was published';
  const rest = events.length > maxShown ? `\n  and ${events.length - maxShown} more` : '';
  const lines = events.slice(0, maxShown).map((event) => `\n  ${shown(event)}`);
  return `published were${lines.join('')}${rest}`;
}

function shown(event: object): string {
  const { options: _, ...fields } = event as PublishedEvent;
  const text = JSON.stringify(fields);
  return text.length > maxShownChars ? `${text.slice(0, maxShownChars)}…` : text;
}
