import { consumerScopes } from '@tidings/contracts';
import { named } from '@tidings/http';
import { colourPattern } from '../../domain/portal/colours.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const colourOrNull = { type: ['string', 'null'], pattern: colourPattern } as const;
const time = { type: 'string', format: 'date-time' } as const;
const origins = { type: 'array', items: text } as const;

const scheme = {
  type: 'object',
  properties: { accent: colourOrNull, bar: colourOrNull },
  required: ['accent', 'bar'],
} as const;

const settings = {
  name: textOrNull,
  logo: { type: ['string', 'null'], description: 'A data: URL of a PNG, JPEG or WebP file.' },
  light: scheme,
  dark: scheme,
  origins,
  refresh_url: textOrNull,
} as const;

/** Schema of the portal's settings within a workspace. */
export const portalSettingsSchema = {
  type: ['object', 'null'],
  properties: settings,
  required: Object.keys(settings),
  description: 'Appearance and embedding of the portal; null: those of Tidings.',
} as const;

const colours = {
  type: 'object',
  properties: {
    accent: colourOrNull,
    accent_hover: colourOrNull,
    accent_wash: colourOrNull,
    on_accent: colourOrNull,
    bar: colourOrNull,
    on_bar: colourOrNull,
  },
  required: ['accent', 'accent_hover', 'accent_wash', 'on_accent', 'bar', 'on_bar'],
  description: 'Colours as #rrggbb; null: those of Tidings.',
} as const;

const ownColours = {
  accent: '#0b5c4a',
  accent_hover: '#094a3b',
  accent_wash: '#dde9e6',
  on_accent: '#ffffff',
  bar: null,
  on_bar: null,
} as const;
const noColours = {
  accent: null,
  accent_hover: null,
  accent_wash: null,
  on_accent: null,
  bar: null,
  on_bar: null,
} as const;

/** Schema of what the page of the portal applies. */
export const portalSchema = named(
  'Portal',
  {
    type: 'object',
    properties: {
      name: { type: ['string', 'null'], description: 'Name in the bar; null: Webhooks.' },
      logo: settings.logo,
      light: colours,
      dark: colours,
      origins: {
        ...origins,
        description: 'Origins that may hand over a token; empty: any that may frame it.',
      },
      refresh_url: { type: ['string', 'null'], description: 'Page that opens the portal anew.' },
    },
    required: ['name', 'logo', 'light', 'dark', 'origins', 'refresh_url'],
  },
  {
    ...{ name: 'Shop webhooks', logo: null, light: ownColours, dark: noColours },
    ...{ origins: ['https://app.shop.example'], refresh_url: 'https://app.shop.example/webhooks' },
  },
);

/** Schema of a link. */
export const portalLinkSchema = named(
  'PortalLink',
  {
    type: 'object',
    properties: {
      url: {
        type: 'string',
        description:
          'Where to send the browser. The token is in the fragment, which no server and no log receives.',
      },
      token: { type: 'string', description: 'The token alone, for a portal in a frame.' },
      consumer_id: text,
      scopes: { type: 'array', items: { type: 'string', enum: consumerScopes } },
      expires_at: { ...time, description: 'When the token, and each session that it began, ends.' },
      origins: {
        ...origins,
        description: 'Origins that may hand over the token; empty: any that may frame it.',
      },
      refresh_url: {
        type: ['string', 'null'],
        description: 'Where the portal leads when the session has ended.',
      },
    },
    required: ['url', 'token', 'consumer_id', 'scopes', 'expires_at', 'origins', 'refresh_url'],
  },
  {
    url: 'https://webhooks.shop.example/portal#token=eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl',
    token: 'eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl',
    consumer_id: 'acme',
    scopes: ['subscriptions:read', 'deliveries:read'],
    expires_at: '2026-11-22T10:15:00.000Z',
    origins: ['https://app.shop.example'],
    refresh_url: 'https://app.shop.example/webhooks',
  },
);
