import { runServices, type Service } from '@tidings/observability';
import { type Environment, messageOf } from '@tidings/runtime';
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

if (process.argv.includes('--help')) {
  console.log(help);
} else {
  const names = selected(process.env);
  const services = await Promise.all(names.map(async (name) => loaders[name]()));
  await runServices({
    services,
    environmentOf: (name) => serviceEnvironment(name as ServiceName, names, process.env),
  });
}
