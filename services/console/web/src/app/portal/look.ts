/** The appearance of the portal, and where it leads when a session has ended. */
export type Look = Readonly<{
  name: string | null;
  logo: string | null;
  /** Values of the custom properties `--<name>-light` and `--<name>-dark`; null: those of tokens.css. */
  colours: Readonly<Record<string, string | null>>;
  origins: readonly string[];
  refreshUrl: string | null;
}>;

/** The appearance before anything is known about the workspace. */
export const plainLook: Look = { name: null, logo: null, colours: {}, origins: [], refreshUrl: null };

const themed = ['accent', 'accent_hover', 'accent_wash', 'on_accent', 'bar', 'on_bar'] as const;
const schemes = ['light', 'dark'] as const;

/**
 * Reads an appearance: the answer of the API, or what the browser has stored of it. What is not of the expected form is
 * left out, since none of it may become anything but a colour, an image or a link.
 */
export function readLook(value: unknown): Look {
  const { name, logo, origins, refresh_url } = objectOf(value);
  const colours = schemes.flatMap((scheme) =>
    themed.map((token) => {
      const colour = objectOf(objectOf(value)[scheme])[token];
      return [`--${token.replaceAll('_', '-')}-${scheme}`, matching(colour, /^#[0-9a-f]{6}$/i)] as const;
    }),
  );
  return {
    name: typeof name === 'string' && name !== '' ? name : null,
    logo: matching(logo, /^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+$/),
    colours: Object.fromEntries(colours),
    origins: Array.isArray(origins) ? origins.filter((origin) => typeof origin === 'string') : [],
    refreshUrl: isWebPage(refresh_url) ? refresh_url : null,
  };
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

const matching = (value: unknown, pattern: RegExp): string | null =>
  typeof value === 'string' && pattern.test(value) ? value : null;

const isWebPage = (value: unknown): value is string =>
  typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);

/** Returns the page that opens the portal anew, with the page where the person was in `path`. */
export function refreshLink(refreshUrl: string, path: string): string {
  const url = new URL(refreshUrl);
  url.searchParams.set('path', path);
  return url.href;
}
