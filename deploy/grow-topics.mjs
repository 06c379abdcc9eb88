// Adds partitions to topics while nothing runs: `npm run topics:grow`, or `node deploy/grow-topics.mjs` with KAFKA_BROKERS
// in the environment. docs/scaling.md says when and how.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  connectKafka,
  growTopics,
  growthState,
  kafkaSettings,
  openSecurity,
  planGrowth,
  securityOf,
} from '../packages/kafka/dist/index.js';
import { createLogger } from '../packages/observability/dist/index.js';
import { AppError, loadConfig } from '../packages/runtime/dist/index.js';

const help = `Adds partitions to the topics of Tidings.

  npm run topics:grow -- [options]
  node deploy/grow-topics.mjs [options]

  --deliveries N   partitions of the commands, and of all that is partitioned like them: tidings.deliveries,
                   attempts, holds and superseded-commands
  --events N       partitions of the events and of received-ids
  --wait SECONDS   waits so long for what refuses it (default: 0)
  --dry-run        says what would grow, and what refuses it, and changes nothing
  --json           prints the result as JSON
  --help           this text

Nothing may run or wait: let fanout and delivery work until no event is unmatched, no command is not taken over and none
waits in an ordered queue; then stop all services. It refuses otherwise, with counts. Setting: KAFKA_BROKERS; npm run
takes that of the local stack (npm start -- --only-stack).

Exit codes: 0 done, 1 refused or failed, 2 an invalid option.
`;

const optionOf = {
  deliveries: { type: 'string' },
  events: { type: 'string' },
  wait: { type: 'string', default: '0' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const pollMs = 1_000;
const maxWaitSeconds = 86_400;

class WrongOption extends Error {}

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({ options: optionOf }));
  } catch (error) {
    throw new WrongOption(error.message.split(/\. |\n/)[0]);
  }
  const number = (name) => {
    if (values[name] === undefined) return undefined;
    if (!/^\d{1,5}$/.test(values[name]))
      throw new WrongOption(`--${name} must be an integer, got '${values[name]}'`);
    return Number(values[name]);
  };
  const growth = {};
  for (const name of ['deliveries', 'events']) if (number(name) !== undefined) growth[name] = number(name);
  const waitSeconds = number('wait');
  if (waitSeconds > maxWaitSeconds)
    throw new WrongOption(`--wait must be from 0 to ${maxWaitSeconds}, got '${values.wait}'`);
  if (!values.help && Object.keys(growth).length === 0)
    throw new WrongOption('name --deliveries N, --events N, or both');
  return { ...values, growth, waitSeconds };
}

const say = (line) => process.stderr.write(`${line}\n`);

/** Waits until nothing refuses the growth, or the time is over. Returns the last plan. */
async function settledPlan(options, { growth, waitSeconds }) {
  const untilMs = performance.now() + waitSeconds * 1_000;
  let told = '';
  for (;;) {
    const plan = planGrowth(growth, await growthState(options));
    if (plan.refusals.length === 0 || performance.now() >= untilMs) return plan;
    const waiting = plan.refusals.join('; ');
    if (waiting !== told) say(`waiting: ${waiting}`);
    told = waiting;
    await delay(pollMs);
  }
}

const shown = ({ counts, refusals, moved = 0 }) => ({ counts: Object.fromEntries(counts), refusals, moved });

function print(result, { json }) {
  if (json) process.stdout.write(`${JSON.stringify(shown(result))}\n`);
  else for (const refusal of result.refusals) say(`refused: ${refusal}`);
}

async function run() {
  const given = readOptions();
  if (given.help) {
    process.stdout.write(help);
    return 0;
  }
  const kafka = loadConfig(kafkaSettings, process.env);
  const brokers = kafka.kafkaBrokers;
  const logger = createLogger({ service: 'topics-grow', level: 'error' });
  const security = openSecurity(securityOf(kafka), { logger });
  const bus = await connectKafka({
    ...{ brokers, security, logger },
    clientId: 'tidings-topics',
    reader: 'delivery',
  });
  try {
    const options = { bus, brokers, security, logger, onProgress: say };
    const plan = await settledPlan(options, given);
    if (plan.refusals.length > 0 || given['dry-run']) {
      if (!given.json)
        for (const [name, count] of plan.counts) say(`would grow ${name} to ${count} partitions`);
      print(plan, given);
      return plan.refusals.length > 0 ? 1 : 0;
    }
    const grown = await growTopics(given.growth, options);
    print(grown, given);
    if (grown.refusals.length > 0) return 1;
    say('done: start the services again');
    return 0;
  } finally {
    await bus.close();
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof AppError || error instanceof WrongOption)) throw error;
  say(error instanceof WrongOption ? `${error.message}. See --help.` : error.message);
  process.exitCode = error instanceof WrongOption ? 2 : 1;
}
