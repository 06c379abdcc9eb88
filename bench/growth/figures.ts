import type { Measurement } from '../measure.ts';

/** A value of the services, the brokers and MongoDB. */
export type ByPart = Readonly<{ services: number; broker: number; mongodb: number }>;

/** The measurement of a point. CPU in µs a webhook, memory (PSS) in MB, times from publish to receipt in ms. */
export type Figures = Readonly<{
  at: number;
  delivered: number;
  lost: number;
  perSecond: number;
  cpuUs: ByPart;
  memoryMb: ByPart;
  p50Ms: number;
  p99Ms: number;
}>;

const byPart = (values: Readonly<Record<string, number>>): ByPart => {
  const sumOf = (isIncluded: (name: string) => boolean): number =>
    Object.entries(values).reduce((sum, [name, value]) => sum + (isIncluded(name) ? value : 0), 0);
  const isBroker = (name: string): boolean => name.startsWith('broker');
  return {
    services: sumOf((name) => !isBroker(name) && name !== 'mongodb'),
    broker: sumOf(isBroker),
    mongodb: values['mongodb'] ?? 0,
  };
};

/** Sums up a measurement, and the memory of each process after it. */
export const figuresOf = (
  at: number,
  measured: Measurement,
  memoryMb: Readonly<Record<string, number>>,
): Figures => ({
  at,
  delivered: measured.delivered,
  lost: measured.lost,
  perSecond: measured.deliveredPerSecond,
  cpuUs: byPart(measured.cpuUsByProcess),
  memoryMb: byPart(memoryMb),
  p50Ms: measured.endToEndMs.p50,
  p99Ms: measured.endToEndMs.p99,
});

/** The sum of the parts. */
export const all = ({ services, broker, mongodb }: ByPart): number => services + broker + mongodb;
