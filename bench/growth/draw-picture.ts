/** A line through points [x, y] with x > 0 and y ≥ 0. */
export type Line = Readonly<{ name: string; points: readonly (readonly [number, number])[] }>;

/** A pair of axes with lines: x on a logarithmic scale, y from 0. */
export type Panel = Readonly<{ title: string; lines: readonly Line[] }>;

/** `unit`: what x counts. */
export type Picture = Readonly<{ title: string; unit: string; panels: readonly Panel[] }>;

const panelWidth = 420;
const height = 330;
const plot = { left: 56, top: 58, width: 270, height: 206 } as const;
const strokes = [
  { colour: '#1b1b1b', dash: '' },
  { colour: '#0b62c4', dash: '' },
  { colour: '#b3470b', dash: '6 3' },
  { colour: '#1d7a35', dash: '2 3' },
] as const;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Returns the smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is not below a value. */
export const roundUp = (value: number): number => {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
};

type Text = Readonly<{
  x: number;
  y: number;
  anchor?: 'start' | 'middle' | 'end';
  size?: number;
  colour?: string;
}>;

const textAt = (text: string, { x, y, anchor = 'start', size = 12, colour = '#333' }: Text): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}" fill="${colour}">${escaped(text)}</text>`;

const rule = (x1: number, y1: number, x2: number): string =>
  `<line x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y1.toFixed(1)}" stroke="#ddd"/>`;

/** Places labels at the ends of lines, at least 14 apart, in the order of their lines. */
const spreadOut = (wanted: readonly number[]): readonly number[] => {
  const order = wanted.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y);
  const placed = [...wanted];
  let free = -Infinity;
  for (const { y, index } of order) {
    placed[index] = Math.max(y, free);
    free = (placed[index] ?? 0) + 14;
  }
  return placed;
};

const drawPanel = ({ title, lines }: Panel, unit: string, offset: number): string => {
  const left = offset + plot.left;
  const bottom = plot.top + plot.height;
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const [first = 1, last = 1] = [xs[0], xs.at(-1)];
  const most = roundUp(Math.max(0, ...lines.flatMap(({ points }) => points.map(([, y]) => y))));
  const span = Math.log(last / first);
  const xAt = (x: number): number => left + (span === 0 ? 0.5 : Math.log(x / first) / span) * plot.width;
  const yAt = (y: number): number => bottom - (y / most) * plot.height;
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    rule(left, yAt(share * most), left + plot.width),
    textAt((share * most).toLocaleString('en'), { x: left - 6, y: yAt(share * most) + 4, anchor: 'end' }),
  ]);
  const ticks = xs.map((x) =>
    textAt(x.toLocaleString('en'), { x: xAt(x), y: bottom + 18, anchor: 'middle' }),
  );
  const labelYs = spreadOut(lines.map(({ points }) => yAt(points.at(-1)?.[1] ?? 0) + 4));
  const drawn = lines.flatMap(({ name, points }, n) => {
    const { colour, dash } = strokes[n % strokes.length] ?? strokes[0];
    const path = points.map(([x, y]) => `${xAt(x).toFixed(1)},${yAt(y).toFixed(1)}`).join(' ');
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`,
      ...points.map(
        ([x, y]) => `<circle cx="${xAt(x).toFixed(1)}" cy="${yAt(y).toFixed(1)}" r="3" fill="${colour}"/>`,
      ),
      textAt(name, { x: left + plot.width + 10, y: labelYs[n] ?? 0, colour }),
    ];
  });
  return [
    textAt(title, { x: left, y: plot.top - 12, size: 13 }),
    ...grid,
    ...ticks,
    textAt(unit, { x: left + plot.width / 2, y: bottom + 40, anchor: 'middle' }),
    ...drawn,
  ].join('\n');
};

/** Draws panels side by side as an SVG picture that needs no style sheet and no font. */
export const drawPicture = ({ title, unit, panels }: Picture): string => {
  const width = panelWidth * panels.length;
  const content = panels.map((panel, n) => drawPanel(panel, unit, n * panelWidth));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" role="img">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${textAt(title, { x: 14, y: 24, size: 15, colour: '#111' })}
${content.join('\n')}
</svg>
`;
};
