import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CostPair, ratioOf, ratioTable } from './check/cost-ratios.ts';
import { checkedOut, earlierCommit, openEarlierTree } from './check/earlier-tree.ts';
import { type Bench, measure } from './measure.ts';
import { openFinder } from './pipeline-backlog.ts';
import { startReceiverProcess } from './receiver-process.ts';
import { root, startStack } from './stack.ts';
import type { Workload } from './workloads.ts';

const help = `npm run bench:check -- [options]
Compares the CPU time of a webhook, services, broker and MongoDB together, of what is checked out here with that of an earlier
commit: both run at the same time on this machine and are measured in turn. Exit code 1 if a workload costs 10 % more, by the
median ratio of all pairs, or if a webhook is lost.
  --against REF    the earlier commit (default: the one that main shares with HEAD, or HEAD~1)
  --starts N       how often both stacks are started anew (default 3)
  --pairs N        pairs of each workload after each start (default 3)
  --limit PERCENT  how much more is too much (default 10)
  --only TEXT      only workloads whose name contains TEXT
  --quick          one start, and a quarter of the size
  --out FILE       where to write the JSON (default bench/results/check.json)
  --port-base N    first port of the stacks, which take 400 (default 27400)
It takes some eight minutes, and two more to build the earlier commit; with --quick two.`;

const { values } = parseArgs({
  options: {
    against: { type: 'string', default: '' },
    starts: { type: 'string', default: '3' },
    pairs: { type: 'string', default: '3' },
    limit: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: join(root, 'bench/results/check.json') },
    'port-base': { type: 'string', default: '27400' },
    help: { type: 'boolean', default: false },
  },
});

const interrupted = new AbortController();
const starts = values.quick ? 1 : Number(values.starts);
const size = values.quick ? 0.25 : 1;
const checked: readonly Workload[] = [
  { name: 'flood × 1', kind: 'flood', fanOut: 1, count: 8_000 * size, concurrency: 64 },
  { name: 'flood × 10', kind: 'flood', fanOut: 10, count: 1_600 * size, concurrency: 64 },
  { name: '200/s', kind: 'paced', fanOut: 1, perSecond: 200, seconds: 8 * size },
].filter(({ name }) => name.includes(values.only)) as readonly Workload[];

const typeOf = ({ fanOut }: Workload): string => `bench.fan${fanOut}`;

type Side = Readonly<{ bench: Bench; close(): Promise<void> }>;

const startSide = async (tree: string, portBase: number): Promise<Side> => {
  const stack = await startStack(String(portBase), { tree });
  const receiver = await startReceiverProcess();
  const finder = await openFinder(stack.brokers, stack.deliveryUrl);
  const bench: Bench = { target: stack.target, receiver, finder, pids: stack.processes };
  for (const fanOut of new Set(checked.map((workload) => workload.fanOut))) {
    const settings = {
      endpoint_url: receiver.url('/hook'),
      events: [`bench.fan${fanOut}`],
      max_in_flight: 64,
    };
    for (let i = 0; i < fanOut; i += 1) await stack.subscribe(settings);
    const warm = { name: 'warm-up', kind: 'flood', fanOut, count: 4_000 / fanOut, concurrency: 64 } as const;
    await measure(bench, warm, typeOf(warm));
  }
  const close = async (): Promise<void> => {
    receiver.stop();
    await finder.close();
    await stack.stop();
  };
  return { bench, close };
};

let lost = 0;

const costOf = async ({ bench }: Side, workload: Workload): Promise<number> => {
  const measured = await measure(bench, workload, typeOf(workload));
  lost += measured.lost;
  return measured.cpuUsPerWebhook.total;
};

type Sides = Readonly<{ earlier: Side; later: Side }>;

const comparePair = async (
  { earlier, later }: Sides,
  workload: Workload,
  laterFirst: boolean,
): Promise<CostPair> => {
  const first = laterFirst ? await costOf(later, workload) : undefined;
  const cost = await costOf(earlier, workload);
  return { earlier: cost, later: first ?? (await costOf(later, workload)) };
};

/** Starts both stacks and measures every workload on both in turn; which is first changes from pair to pair. */
const compare = async (tree: string, start: number, into: ReadonlyMap<string, CostPair[]>): Promise<void> => {
  const portBase = Number(values['port-base']);
  const started: Side[] = [];
  const startOne = async (folder: string, base: number): Promise<Side> => {
    const side = await startSide(folder, base);
    started.push(side);
    return side;
  };
  try {
    const earlier = await startOne(tree, portBase);
    const sides: Sides = { earlier, later: await startOne(root, portBase + 200) };
    for (let pair = 0; pair < Number(values.pairs) && !interrupted.signal.aborted; pair += 1) {
      for (const workload of checked) {
        const costs = await comparePair(sides, workload, (start + pair) % 2 === 1);
        into.get(workload.name)?.push(costs);
        console.log(
          `start ${start + 1}, pair ${pair + 1}, ${workload.name}: ${costs.earlier} and ${costs.later} µs a webhook`,
        );
      }
    }
  } finally {
    for (const side of started) await side.close();
  }
};

const main = async (): Promise<void> => {
  if (checked.length === 0)
    throw new Error(`--only '${values.only}' matches no workload: 'flood × 1', 'flood × 10', '200/s'`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const commit = await earlierCommit(values.against);
  const later = await checkedOut();
  console.log(`Building ${commit.slice(0, 8)}, to compare ${later} with it …`);
  const tree = await openEarlierTree(commit);
  const pairs = new Map<string, CostPair[]>(checked.map(({ name }) => [name, []]));
  try {
    for (let start = 0; start < starts && !interrupted.signal.aborted; start += 1)
      await compare(tree.folder, start, pairs);
  } finally {
    await tree.remove();
  }
  if (interrupted.signal.aborted) throw new Error('interrupted before all pairs were measured');
  const ratios = [...pairs].map(([name, of]) => ratioOf(name, of, Number(values.limit)));
  console.log(
    `\n${later} against ${commit.slice(0, 8)}, load ${loadavg()[0]?.toFixed(1)}\n\n${ratioTable(ratios)}\n`,
  );
  const report = { earlier: commit, later, limitPercent: Number(values.limit), lost, ratios };
  await writeFile(
    values.out,
    `${JSON.stringify({ ...report, pairs: Object.fromEntries(pairs) }, null, 2)}\n`,
  );
  console.log(`${lost} lost. Written to ${values.out}`);
  if (lost > 0 || ratios.some(({ costsMore }) => costsMore)) process.exitCode = 1;
};

if (values.help) console.log(help);
else await main();
