import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { curvePicture, curveTable } from './growth/curve-text.ts';
import { type Curve, curvesOf, type Point, type Settings } from './growth/curves.ts';
import { type Figures, figuresOf } from './growth/figures.ts';
import { flood } from './load.ts';
import { type Bench, measure, waitUntilQuiet } from './measure.ts';
import { openFinder } from './pipeline-backlog.ts';
import { ofEach, pssMbOf } from './process-usage.ts';
import { type ReceiverProcess, startReceiverProcess } from './receiver-process.ts';
import { type BenchStack, root, startStack } from './stack.ts';

const help = `npm run bench:growth -- [options]
Measures how CPU and memory of a webhook grow: with the subscriptions that an event matches, those that are registered, the size of
the data and the number of endpoints; and how long other events take beside one that many match. Prints a table of each curve
and draws it.
  --only A,B       only these curves: matched, registered, body, endpoints, beside
  --quick          a quarter of the webhooks, and without the last point of each curve
  --minutes N      no further point begins after N minutes (default 25)
  --tree FOLDER    another folder of the repository, built: measures that one (default: this one)
  --out FILE       where to write the JSON (default bench/results/growth.json)
  --pictures DIR   where to write growth-CURVE.svg (default bench/results)
  --port-base N    first port of the stack (default 27400)
It takes some ten minutes, with --quick three. The receiver listens on every address of this machine, so that each of 10,000 endpoints has
a host of its own.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '25' },
    tree: { type: 'string', default: root },
    out: { type: 'string', default: join(root, 'bench/results/growth.json') },
    pictures: { type: 'string', default: join(root, 'bench/results') },
    'port-base': { type: 'string', default: '27400' },
    help: { type: 'boolean', default: false },
  },
});

const interrupted = new AbortController();
const deadlineMs = performance.now() + Number(values.minutes) * 60_000;
const goesOn = (): boolean => !interrupted.signal.aborted && performance.now() < deadlineMs;

const atOnce = 16;

const subscribeAll = async (stack: BenchStack, all: readonly Settings[]): Promise<void> => {
  const left = all[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const settings of left) await stack.subscribe(settings);
  };
  if (all.length >= 1_000) console.log(`  registering ${all.length} subscriptions …`);
  await Promise.all(Array.from({ length: atOnce }, worker));
};

/** Publishes events of a type until it is stopped, one each `everyMs`, the first at once. */
const publishBeside = (stack: BenchStack, { type, everyMs }: NonNullable<Point['beside']>) => {
  const failures: unknown[] = [];
  // A rejection that nobody awaits yet would end the benchmark, and leave its stack running.
  const publish = async (): Promise<unknown> =>
    flood({ target: stack.target, type, count: 1, concurrency: 1 }).catch((error: unknown) =>
      failures.push(error),
    );
  const published: Promise<unknown>[] = [publish()];
  const timer = setInterval(() => void published.push(publish()), everyMs);
  return async (): Promise<void> => {
    clearInterval(timer);
    await Promise.all(published);
    if (failures.length > 0) throw failures[0];
  };
};

type Parts = Readonly<{ stack: BenchStack; receiver: ReceiverProcess; bench: Bench }>;

const measurePoint = async ({ stack, receiver, bench }: Parts, point: Point): Promise<Figures> => {
  await subscribeAll(stack, point.subscribe(receiver.url));
  await waitUntilQuiet(bench.pids);
  const stop = point.beside === undefined ? async () => {} : publishBeside(stack, point.beside);
  try {
    const measured = await measure(bench, point.workload, point.type);
    return figuresOf(point.at, measured, await ofEach(stack.processes, pssMbOf));
  } finally {
    await stop();
  }
};

const measureCurve = async (curve: Curve): Promise<readonly Figures[]> => {
  const env = {
    SUBSCRIPTION_REQUESTS_PER_SECOND: '0',
    SUBSCRIPTION_MAX_PER_WORKSPACE: '100000',
    INGRESS_MAX_EVENT_BYTES: '300000',
    // Nothing is refused for its wait: the cost is measured, not the admission.
    INGRESS_TARGET_WAIT: '4s',
  };
  const stack = await startStack(values['port-base'], { env, tree: values.tree });
  const receiver = await startReceiverProcess('0.0.0.0');
  const finder = await openFinder(stack.brokers, stack.deliveryUrl);
  const bench: Bench = { target: stack.target, receiver, finder, pids: stack.processes };
  const all: Figures[] = [];
  try {
    await stack.subscribe({
      endpoint_url: receiver.url('/hook'),
      events: ['growth.warm'],
      max_in_flight: 64,
    });
    const warm = { name: 'warm-up', kind: 'flood', fanOut: 1, count: 4_000, concurrency: 64 } as const;
    await measure(bench, warm, 'growth.warm');
    for (const point of curve.points.filter((_, n) => !values.quick || n < curve.points.length - 1)) {
      if (!goesOn()) break;
      console.log(`${curve.name}, ${point.at} ${curve.unit} …`);
      all.push(await measurePoint({ stack, receiver, bench }, point));
    }
  } finally {
    receiver.stop();
    await finder.close();
    await stack.stop();
  }
  return all;
};

const chosen = (): readonly Curve[] => {
  const curves = curvesOf(values.quick ? 0.25 : 1);
  if (values.only === '') return curves;
  return values.only.split(',').map((name) => {
    const found = curves.find((curve) => curve.name === name);
    if (found !== undefined) return found;
    throw new Error(`--only '${name}' is no curve: ${curves.map((curve) => curve.name).join(', ')}`);
  });
};

const main = async (): Promise<void> => {
  const curves = chosen();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const measured: Record<string, readonly Figures[]> = {};
  await Promise.all(
    [dirname(values.out), values.pictures].map((folder) => mkdir(folder, { recursive: true })),
  );
  for (const curve of curves) {
    if (!goesOn()) break;
    const figures = await measureCurve(curve);
    measured[curve.name] = figures;
    console.log(`\n${curve.title}, load ${loadavg()[0]?.toFixed(1)}\n\n${curveTable(curve, figures)}\n`);
    await writeFile(join(values.pictures, `growth-${curve.name}.svg`), curvePicture(curve, figures));
    if (figures.some(({ lost }) => lost > 0)) process.exitCode = 1;
  }
  await writeFile(values.out, `${JSON.stringify({ curves: measured }, null, 2)}\n`);
  console.log(`Written to ${values.out} and ${values.pictures}`);
  if (!goesOn()) throw new Error('ended before all points were measured');
};

if (values.help) console.log(help);
else await main();
