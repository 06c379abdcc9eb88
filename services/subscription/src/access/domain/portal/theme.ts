import type { ErrorDetail } from '@tidings/json';
import { contrastOf, mixed, readableOn } from './colours.ts';

/** The two colour schemes of a theme. */
const schemes = ['light', 'dark'] as const;
type Scheme = (typeof schemes)[number];

/** WCAG 2.2, 1.4.3: text has at least this contrast to what is behind it. */
const minContrast = 4.5;

// What may be behind a link in each scheme: services/console/web/src/styles/tokens.css.
const backgrounds: Readonly<Record<Scheme, readonly string[]>> = {
  light: ['#ffffff', '#f6f7f9', '#eef0f4', '#e7eaf0'],
  dark: ['#171b24', '#10131a', '#1e2430', '#0c0f15', '#262d3a'],
};
const surfaces = { light: '#ffffff', dark: '#171b24' } as const;
const extremes = { light: '#000000', dark: '#ffffff' } as const;
const washShares = [0.14, 0.1, 0.06, 0.03, 0];

/** The colours of one scheme that a workspace chooses; null: those of the product. */
export type SchemeSettings = Readonly<{ accent: string | null; bar: string | null }>;

/** The colours that a scheme replaces; null: that of the product. */
export type SchemeColours = Readonly<{
  accent: string | null;
  accent_hover: string | null;
  accent_wash: string | null;
  on_accent: string | null;
  bar: string | null;
  on_bar: string | null;
}>;

/** Returns the colours of a scheme. All but the accent and the bar are derived, so that each pair can be read. */
export function coloursOf(scheme: Scheme, { accent, bar }: SchemeSettings): SchemeColours {
  const wash = washShares
    .map((share) => mixed(surfaces[scheme], accent ?? surfaces[scheme], share))
    .find((one) => accent === null || contrastOf(accent, one) >= minContrast);
  return {
    accent,
    accent_hover: accent === null ? null : mixed(accent, extremes[scheme], 0.2),
    accent_wash: accent === null ? null : (wash ?? surfaces[scheme]),
    on_accent: accent === null ? null : readableOn(accent),
    bar,
    on_bar: bar === null ? null : readableOn(bar),
  };
}

/** Returns a fault for each accent that could not be read as a link on some part of the portal. */
export const contrastFaults = (settings: Readonly<Record<Scheme, SchemeSettings>>): ErrorDetail[] =>
  schemes.flatMap((scheme) => {
    const { accent } = settings[scheme];
    if (accent === null) return [];
    const ratio = lowestContrast(scheme, accent);
    if (ratio >= minContrast) return [];
    const detail = `has a contrast of ${floored(ratio)} to the backgrounds of the ${scheme} scheme, and text needs ${minContrast}: the nearest colour that has it is '${nearest(scheme, accent)}', got '${accent}'`;
    return [{ pointer: `/portal/${scheme}/accent`, detail }];
  });

// 4.497 must not be shown as 4.5.
const floored = (ratio: number): number => Math.floor(ratio * 100) / 100;

const lowestContrast = (scheme: Scheme, accent: string): number =>
  Math.min(...backgrounds[scheme].map((background) => contrastOf(accent, background)));

function nearest(scheme: Scheme, accent: string): string {
  const shares = Array.from({ length: 50 }, (_, at) => (at + 1) / 50);
  const candidates = shares.map((share) => mixed(accent, extremes[scheme], share));
  return candidates.find((one) => lowestContrast(scheme, one) >= minContrast) ?? extremes[scheme];
}
