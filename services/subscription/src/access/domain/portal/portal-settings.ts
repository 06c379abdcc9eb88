import type { ErrorDetail } from '@tidings/json';
import { colourPattern } from './colours.ts';
import { logoFault, logoLimits, maxLogoCharacters } from './logo.ts';
import { contrastFaults, type SchemeSettings } from './theme.ts';

/** Settings of a workspace for the portal of its consumers, in the form that is stored. */
export type PortalSettings = Readonly<{
  name: string | null;
  logo: string | null;
  light: SchemeSettings;
  dark: SchemeSettings;
  origins: readonly string[];
  refresh_url: string | null;
}>;

/** The same in request form: what is missing or null is that of the product. */
export type PortalBody = Readonly<{
  name?: string | null;
  logo?: string | null;
  light?: Readonly<{ accent?: string | null; bar?: string | null }> | null;
  dark?: Readonly<{ accent?: string | null; bar?: string | null }> | null;
  origins?: readonly string[] | null;
  refresh_url?: string | null;
}>;

const maxOrigins = 20;
const maxUrlCharacters = 2_048;

const scheme = (name: string) =>
  ({
    type: ['object', 'null'],
    properties: {
      accent: {
        type: ['string', 'null'],
        pattern: colourPattern,
        description: `Colour of links and buttons as #rrggbb, with a contrast of 4.5 to every background of the ${name} scheme.`,
      },
      bar: {
        type: ['string', 'null'],
        pattern: colourPattern,
        description:
          'Colour of the bar at the top as #rrggbb. Its text is black or white, whichever can be read.',
      },
    },
    required: [],
    additionalProperties: false,
    description: `Colours of the ${name} scheme; null: those of Tidings.`,
  }) as const;

/** JSON Schema of the settings in requests. */
export const portalBodySchema = {
  type: ['object', 'null'],
  properties: {
    name: {
      type: ['string', 'null'],
      maxLength: 64,
      // Neither control characters nor marks that turn the direction of the text around them.
      pattern: '^[^\\p{C}\\p{Zl}\\p{Zp}]+$',
      description: 'Name in the bar and in the title of the page. Default: Webhooks.',
    },
    logo: {
      type: ['string', 'null'],
      minLength: 1,
      maxLength: maxLogoCharacters,
      description: `Image in the bar: a data: URL of a PNG, JPEG or WebP file of at most ${logoLimits.maxBytes} bytes and ${logoLimits.maxSide} pixels in width and height.`,
    },
    light: scheme('light'),
    dark: scheme('dark'),
    origins: {
      type: ['array', 'null'],
      items: { type: 'string', minLength: 1, maxLength: 300 },
      maxItems: maxOrigins,
      uniqueItems: true,
      description:
        'Origins whose pages may hand a token to the portal in a frame, such as https://app.example.com. Empty (default): those that the operator allows (CONSOLE_PORTAL_ORIGINS). It can only narrow them.',
    },
    refresh_url: {
      type: ['string', 'null'],
      minLength: 1,
      maxLength: maxUrlCharacters,
      description:
        'Page of your application that opens the portal anew. The portal leads there when a session has ended, with the parameter `path`.',
    },
  },
  required: [],
  additionalProperties: false,
  description: 'Appearance and embedding of the portal; null: that of Tidings.',
} as const;

/** Settings of a workspace that has none. */
export const noPortalSettings: PortalSettings = {
  name: null,
  logo: null,
  light: { accent: null, bar: null },
  dark: { accent: null, bar: null },
  origins: [],
  refresh_url: null,
};

/** Returns the settings of a request. */
export const portalSettings = (body: PortalBody | null): PortalSettings => ({
  name: body?.name ?? null,
  logo: body?.logo ?? null,
  light: { accent: body?.light?.accent ?? null, bar: body?.light?.bar ?? null },
  dark: { accent: body?.dark?.accent ?? null, bar: body?.dark?.bar ?? null },
  origins: body?.origins ?? [],
  refresh_url: body?.refresh_url ?? null,
});

/** Returns the faults of settings that a schema cannot express. */
export function portalFaults(settings: PortalSettings): ErrorDetail[] {
  const logo = settings.logo === null ? null : logoFault(settings.logo);
  const refresh = settings.refresh_url === null ? null : refreshFault(settings.refresh_url);
  return [
    ...(logo === null ? [] : [{ pointer: '/portal/logo', detail: logo }]),
    ...contrastFaults(settings),
    ...settings.origins.flatMap((origin, at) => {
      const isOrigin = isWebPage(origin) && new URL(origin).origin === origin;
      const detail = `must be an origin such as 'https://app.example.com', without a path, or http on localhost, got '${origin}'`;
      return isOrigin ? [] : [{ pointer: `/portal/origins/${at}`, detail }];
    }),
    ...(refresh === null ? [] : [{ pointer: '/portal/refresh_url', detail: refresh }]),
  ];
}

function refreshFault(text: string): string | null {
  if (isWebPage(text) && !text.includes('#')) return null;
  return `must be an https URL without a user, a password or a fragment, or http on localhost, got '${text}'`;
}

// A browser goes there, never this service. Other schemes, such as javascript:, would run in the portal's origin.
function isWebPage(text: string): boolean {
  const url = parsed(text);
  if (url === null || /[\s\\]/.test(text)) return false;
  const { protocol, hostname, username, password } = url;
  // `https://*.example.com` is a URL, whose host is never asked for.
  if (username !== '' || password !== '' || !/^([\w.-]+|\[[\da-f:.]+\])$/.test(hostname)) return false;
  const isLocal = hostname === 'localhost' || hostname === '127.0.0.1' || hostname.endsWith('.localhost');
  return protocol === 'https:' || (protocol === 'http:' && isLocal);
}

// URL.canParse of Node 20 does not agree with the constructor about letters such as ü.
function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
