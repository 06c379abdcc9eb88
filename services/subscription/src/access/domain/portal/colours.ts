/** A colour as `#rrggbb`, the only form that settings accept: no other text ever reaches a style sheet. */
export const colourPattern = '^#[0-9a-fA-F]{6}$';

type Channels = readonly [red: number, green: number, blue: number];

const channelsOf = (colour: string): Channels => {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
};

const hexOf = (channels: Channels): string =>
  `#${channels.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('')}`;

/** Returns the relative luminance of a colour, 0 to 1 (WCAG 2.2, "relative luminance"). */
function luminanceOf(colour: string): number {
  const [red, green, blue] = channelsOf(colour).map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Returns the contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrastOf(one: string, other: string): number {
  const [a, b] = [luminanceOf(one), luminanceOf(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Returns a colour with a share of another one, 0 to 1, mixed in. */
export function mixed(colour: string, other: string, share: number): string {
  const [from, to] = [channelsOf(colour), channelsOf(other)];
  return hexOf(from.map((channel, at) => channel + ((to[at] ?? 0) - channel) * share) as unknown as Channels);
}

/** Returns black or white, whichever can be read better on a colour: the contrast is 4.58 at least. */
export const readableOn = (colour: string): string =>
  contrastOf('#000000', colour) > contrastOf('#ffffff', colour) ? '#000000' : '#ffffff';
