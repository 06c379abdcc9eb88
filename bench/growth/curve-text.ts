import type { Curve } from './curves.ts';
import { drawPicture, type Panel } from './draw-picture.ts';
import { all, type Figures } from './figures.ts';

type Named = Pick<Curve, 'title' | 'unit' | 'shows'>;

const number = (value: number): string => value.toLocaleString('en');

const costRow = ({ at, cpuUs, memoryMb, perSecond, lost }: Figures): readonly string[] => [
  number(at),
  number(all(cpuUs)),
  ...[cpuUs.services, cpuUs.broker, cpuUs.mongodb].map(number),
  number(all(memoryMb)),
  ...[memoryMb.services, memoryMb.broker, memoryMb.mongodb].map(number),
  number(perSecond),
  number(lost),
];

const latencyRow = ({ at, p50Ms, p99Ms, lost }: Figures): readonly string[] => [
  number(at),
  number(p50Ms),
  number(p99Ms),
  number(lost),
];

const costHead = [
  'CPU µs a webhook',
  'services',
  'broker',
  'MongoDB',
  'memory, PSS MB',
  'services',
  'broker',
  'MongoDB',
  'delivered/s',
  'lost',
];

/** Formats a curve as a table in Markdown. */
export const curveTable = ({ unit, shows }: Named, figures: readonly Figures[]): string => {
  const head = [unit, ...(shows === 'cost' ? costHead : ['p50, ms', 'p99, ms', 'lost'])];
  const rows = figures.map(shows === 'cost' ? costRow : latencyRow);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
};

const parts = [
  { name: 'all', of: all },
  { name: 'services', of: ({ services }: Figures['cpuUs']) => services },
  { name: 'broker', of: ({ broker }: Figures['cpuUs']) => broker },
  { name: 'MongoDB', of: ({ mongodb }: Figures['cpuUs']) => mongodb },
] as const;

const panelOf = (
  title: string,
  figures: readonly Figures[],
  of: (one: Figures) => Figures['cpuUs'],
): Panel => ({
  title,
  lines: parts.map((part) => ({ name: part.name, points: figures.map((one) => [one.at, part.of(of(one))]) })),
});

/** Draws a curve as an SVG picture. */
export const curvePicture = ({ title, unit, shows }: Named, figures: readonly Figures[]): string => {
  const latency: Panel = {
    title: 'from publish to receipt, ms',
    lines: [
      { name: 'p50', points: figures.map(({ at, p50Ms }) => [at, p50Ms]) },
      { name: 'p99', points: figures.map(({ at, p99Ms }) => [at, p99Ms]) },
    ],
  };
  const cost = [
    panelOf('CPU, µs a webhook', figures, ({ cpuUs }) => cpuUs),
    panelOf('memory, PSS MB', figures, ({ memoryMb }) => memoryMb),
  ];
  return drawPicture({ title, unit, panels: shows === 'cost' ? cost : [latency] });
};
