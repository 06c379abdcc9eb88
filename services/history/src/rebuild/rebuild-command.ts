import { parseArgs } from 'node:util';
import { createServiceContext } from '@tidings/observability';
import { AppError, loadConfig, messageOf } from '@tidings/runtime';
import { configSpec } from '../config.ts';
import { metricsCatalogue } from '../metrics.ts';
import { openRebuild } from './open-rebuild.ts';
import { durationText, progressText } from './progress-text.ts';
import { planRebuild, type RebuildPlan, rebuildHistory } from './rebuild-history.ts';

const help = `Rebuilds the read model of the history from the topics.

  npm run history:rebuild -- [options]
  node services/history/dist/src/rebuild/rebuild-command.js [options]

Removes events, deliveries, dead letters and statistics, and reads them again from the log, up to where the history
service continues. Jobs, audit entries and retries stay; what is missing of them and is on a topic is added. The history
service must not run meanwhile: it waits if it is started. An interrupted rebuild is continued by the same command.

  --keep-older   leaves what is older than the start of the log; without it, that is removed too
  --dry-run      says what would be read and removed, and changes nothing
  --restart      begins an interrupted rebuild again instead of continuing it
  --json         prints the result as JSON
  --help         prints this text

Settings: those of the history service, from the environment; npm run takes those of the local stack.

Exit codes: 0 done, 1 refused or failed, 2 an invalid option.
`;

const everyMs = 2_000;

/** Returns a function that prints progress to standard error: on a terminal in one line, else a line at intervals. */
const createReporter = () => {
  const isTerminal = process.stderr.isTTY;
  const startMs = performance.now();
  let doneBefore: number | null = null;
  let printedMs = -Infinity;
  const onProgress: Parameters<typeof rebuildHistory>[1]['onProgress'] = (partition, progress) => {
    doneBefore ??= progress.done;
    const nowMs = performance.now();
    const isLast = progress.done === progress.total;
    if (nowMs - printedMs < (isTerminal ? 100 : everyMs) && !isLast) return;
    printedMs = nowMs;
    const line = progressText(partition, progress, { doneBefore, ms: nowMs - startMs });
    process.stderr.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
  };
  const end = (): number => {
    if (isTerminal) process.stderr.write('\n');
    return performance.now() - startMs;
  };
  return { onProgress, end };
};

const planText = ({ records, partitions, removed, groupsInUse, interrupted }: RebuildPlan): string =>
  [
    `would read ${records} records of ${partitions} partitions`,
    `would remove ${Object.entries(removed)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')}`,
    ...[...groupsInUse].map(([group, members]) => `would be refused: group ${group} has ${members} members`),
    ...(interrupted === null
      ? []
      : [`would continue the rebuild that began at ${new Date(interrupted.startedAtMs).toISOString()}`]),
    '',
  ].join('\n');

const options = {
  'keep-older': { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  restart: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function run(): Promise<number> {
  const { values } = parseArgs({ options });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'history-rebuild',
    config: loadConfig(configSpec, process.env),
    catalogue: metricsCatalogue,
  });
  try {
    const parts = await openRebuild(context);
    const keepOlder = values['keep-older'];
    if (values['dry-run']) {
      const plan = await planRebuild(parts, keepOlder);
      const json = { ...plan, groupsInUse: Object.fromEntries(plan.groupsInUse) };
      process.stdout.write(values.json ? `${JSON.stringify(json)}\n` : planText(plan));
      return 0;
    }
    const reporter = createReporter();
    const onWait = (ms: number) => {
      process.stderr.write(`waiting ${ms / 1_000} s for a service that is just starting\n`);
    };
    const rebuilt = await rebuildHistory(parts, {
      ...{ keepOlder, isAnew: values.restart, onWait },
      onProgress: reporter.onProgress,
    });
    const tookMs = reporter.end();
    const { records, jobs, isResumed } = rebuilt;
    const text = `rebuilt ${context.config.database} from ${records} records${isResumed ? ', continued' : ''}, ${jobs} jobs added, in ${durationText(tookMs)}\n`;
    process.stdout.write(
      values.json ? `${JSON.stringify({ ...rebuilt, tookMs: Math.round(tookMs) })}\n` : text,
    );
    return 0;
  } finally {
    await context.resources.close(5_000);
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  const isArgument = !(error instanceof AppError) && error instanceof TypeError && 'code' in error;
  process.stderr.write(`${messageOf(error)}\n${isArgument ? 'See --help.\n' : ''}`);
  process.exitCode = isArgument ? 2 : 1;
}
// Without this, the timer of a deadline that was met would keep the process alive until it fires.
process.exit();
