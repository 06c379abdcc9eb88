import { text } from 'node:stream/consumers';
import { runServices, type Service } from '@tidings/observability';
import { type Environment, messageOf, systemClock } from '@tidings/runtime';
import { collectGarbage, startCollectingAtRest } from './collect-at-rest.ts';
import { type ServiceName, selectServices, serviceNames } from './select-services.ts';
import { serviceEnvironment } from './service-environment.ts';

// Usage: `SERVICES=all node services/server/dist/src/main.js`, with the settings of the services as environment
// variables. Exit codes: 0 stopped, 1 failed, 78 an invalid setting.

// Only the modules of selected services are loaded.
const loaders: Readonly<Record<ServiceName, () => Promise<Service>>> = {
  console: async () => (await import('@tidings/console-service')).console,
  ingress: async () => (await import('@tidings/ingress-service')).ingress,
  subscription: async () => (await import('@tidings/subscription-service')).subscription,
  history: async () => (await import('@tidings/history-service')).history,
  fanout: async () => (await import('@tidings/fanout-service')).fanout,
  delivery: async () => (await import('@tidings/delivery-service')).delivery,
};

const help = `Runs services of Tidings in this process until SIGTERM or SIGINT.

  SERVICES   all (default), or a comma list of ${serviceNames.join(', ')}

Each service reads its settings from environment variables; invalid ones are reported together.
With --settings-from-input further variables are read from the standard input, a JSON object, once the code is loaded.
`;

function selected(env: Environment): readonly ServiceName[] {
  try {
    return selectServices(env);
  } catch (error) {
    console.error(`tidings: ${messageOf(error)}`);
    // sysexits.h EX_CONFIG
    process.exit(78);
  }
}

/** Reads settings that are known later than the services of the process. */
async function settingsFromInput(): Promise<Environment> {
  try {
    return JSON.parse(await text(process.stdin)) as Environment;
  } catch (error) {
    console.error(`tidings: no settings arrived at the standard input: ${messageOf(error)}`);
    process.exit(1);
  }
}

if (process.argv.includes('--help')) {
  console.log(help);
} else {
  const names = selected(process.env);
  const services = await Promise.all(names.map(async (name) => loaders[name]()));
  if (process.argv.includes('--settings-from-input')) Object.assign(process.env, await settingsFromInput());
  await runServices({
    services,
    environmentOf: (name) => serviceEnvironment(name as ServiceName, names, process.env),
  });
  startCollectingAtRest({ clock: systemClock, collect: collectGarbage });
}
