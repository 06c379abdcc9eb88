import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The default port base: below the ephemeral ports, and far from the common 3000, 8000 and 8080. */
const defaultPortBase = 8700;
const portsUsed = { one: 33, several: 96 };
const maxInstances = 8;

const services = ['console', 'ingress', 'subscription', 'history', 'fanout', 'delivery'];
/** The processes of each form that run several services. */
const shared = { split: ['pipeline', 'management'], together: ['tidings'], separate: [] };
const lastPort = 65_535;

/** Returns the `--help` text of `npm start` or of another command with the same options. */
export const helpText = (command, purpose) => `${command} [-- options]

  ${purpose}

  --brokers 1|3       size of the Kafka cluster; 3 means replication factor 3, min.insync.replicas 2
                      (default: the size that the data was created with, else 1)
  --only-stack        Kafka and MongoDB without the services
  --together          one process for all services (default: two, the pipeline and the management)
  --separate          a process for each service
  --instances N       each process N times, 1 to 8, and the console once, which balances the requests.
                      NAME=N,… for single ones: pipeline=2, management=2 or a service, which then has
                      processes of its own: delivery=3. console=2: the second for a load balancer
  --restart-brokers   restart a Kafka broker that dies; services and MongoDB are always restarted
  --data DIR          data folder (default: .tidings)
  --port-base N       first port: the console; services N+1 to N+5, demo inbox N+6, status and
                      metrics of the console N+7, Prometheus N+8, Alertmanager N+9, MongoDB N+10,
                      Kafka N+20 to N+32, further instances N+40 to N+95 (default: ${defaultPortBase})
  --monitoring        Prometheus with the alerts, and Alertmanager where it is installed
  --no-demo           no demo subscription and no inbox
  --help              this text

  KAFKA_BROKERS and MONGODB_URI, if set, replace Kafka and MongoDB of this stack.
  Environment variables set any setting of a service.
`;

/** A problem that the user can solve: printed without a stack. */
export class UserError extends Error {}

/**
 * Parses the arguments of `npm start`.
 * @param {string[]} args
 * @param {{ root: string, cwd: string, command?: string }} place the repository, the base of a relative --data, and the
 * command that was run
 */
export function readOptions(args, { root, cwd, command = 'npm start' }) {
  const values = parse(args, command);
  const brokers = values.brokers === undefined ? null : Number(values.brokers);
  if (brokers !== null && brokers !== 1 && brokers !== 3) {
    throw new UserError(`--brokers must be 1 or 3, got '${values.brokers}'.`);
  }
  const text = values['port-base'] ?? String(defaultPortBase);
  const portBase = Number(text);
  const form = formOf(values);
  const instances = instancesOf(values.instances, form);
  const highest = lastPort - (instances === 1 ? portsUsed.one : portsUsed.several);
  if (!/^\d+$/.test(text) || portBase < 1 || portBase > highest) {
    throw new UserError(`--port-base must be an integer from 1 to ${highest}, got '${text}'.`);
  }
  if (values.monitoring === true && values['only-stack'] === true)
    throw new UserError('--monitoring watches the services: --only-stack excludes it.');
  if (instances !== 1 && values['only-stack'] === true)
    throw new UserError('--instances runs services: --only-stack excludes it.');
  if (values.data === '') throw new UserError('--data must name a folder.');
  return {
    help: values.help === true,
    brokers,
    portBase,
    onlyStack: values['only-stack'] === true,
    restartBrokers: values['restart-brokers'] === true,
    form,
    instances,
    demo: values['no-demo'] !== true,
    monitoring: values.monitoring === true,
    dataDir: values.data === undefined ? resolve(root, '.tidings') : resolve(cwd, values.data),
  };
}

function formOf({ separate = false, together = false }) {
  if (separate && together) throw new UserError('--separate and --together exclude each other.');
  if (separate) return 'separate';
  return together ? 'together' : 'split';
}

/** Returns the number of instances of each process, or of those that are named. */
function instancesOf(text, form) {
  if (text === undefined) return 1;
  if (!text.includes('=')) return countOf(text, '--instances');
  const names = [...shared[form], ...services];
  const counts = {};
  for (const item of text.split(',')) {
    const [, name, count] = /^([^=]*)=(.*)$/.exec(item) ?? [null, item, ''];
    if (!names.includes(name))
      throw new UserError(
        `--instances must name processes or services (${names.join(', ')}), got '${item}'.`,
      );
    if (counts[name] !== undefined) throw new UserError(`--instances must name each once, got '${text}'.`);
    counts[name] = countOf(count, `--instances ${name}=`);
  }
  return counts;
}

function countOf(text, name) {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= maxInstances) return count;
  throw new UserError(`${name} must be an integer from 1 to ${maxInstances}, got '${text}'.`);
}

function parse(args, command) {
  try {
    return parseArgs({
      args,
      options: {
        brokers: { type: 'string' },
        'only-stack': { type: 'boolean' },
        'restart-brokers': { type: 'boolean' },
        instances: { type: 'string' },
        separate: { type: 'boolean' },
        together: { type: 'boolean' },
        data: { type: 'string' },
        'port-base': { type: 'string' },
        'no-demo': { type: 'boolean' },
        monitoring: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    // The first sentence names the argument; the rest is advice for programmers.
    const [problem] = error.message.split(/\. |\n/);
    throw new UserError(`${problem}. '${command} -- --help' lists the options.`);
  }
}
