import { parseArgs } from 'node:util';

import {
  appNamePattern,
  appRights,
  kafkaServices,
  processRights,
  serviceRights,
  topicSetupRights,
} from '../../packages/contracts/dist/index.js';
import { grantRights, kafkaSettings, openSecurity, securityOf } from '../../packages/kafka/dist/index.js';
import { AppError, loadConfig } from '../../packages/runtime/dist/index.js';

const usage = `usage: node deploy/create-topics.mjs --acls [--print] [--users services|processes|one] [--apps shop,billing] [--prefix tidings-]

  --print    prints commands of kafka-acls.sh and changes nothing
  --users    a user for each service (default), for the processes pipeline and management, or one for all
  --apps     worker applications (docs/chains.md): a user for each, and the right of history to command their runs
  --prefix   first part of the names of the users (default tidings-): tidings-ingress, tidings-shop, tidings-topics`;

const processes = { pipeline: ['ingress', 'fanout', 'delivery'], management: ['subscription', 'history'] };

const refuse = (problem) => new AppError({ code: 'config-invalid', message: `${problem}\n${usage}` });

function optionsOf(args) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        acls: { type: 'boolean' },
        print: { type: 'boolean', default: false },
        users: { type: 'string', default: 'services' },
        apps: { type: 'string', default: '' },
        prefix: { type: 'string', default: 'tidings-' },
      },
    }));
  } catch (error) {
    throw refuse(error.message);
  }
  const apps = values.apps.split(',').filter((app) => app !== '');
  const wrong = apps.find((app) => !new RegExp(appNamePattern).test(app));
  if (wrong !== undefined) throw refuse(`'${wrong}' is not the name of a worker application`);
  const taken = apps.find((app) =>
    [...kafkaServices, ...Object.keys(processes), 'services', 'topics'].includes(app),
  );
  if (taken !== undefined)
    throw refuse(`--apps ${taken}: its user would be that of '${taken}', and have the rights of both`);
  if (!/^[A-Za-z0-9._-]*$/.test(values.prefix))
    throw refuse(`'${values.prefix}' cannot begin the name of a user`);
  return { isPrinted: values.print, users: values.users, apps, prefix: values.prefix };
}

/** Returns the rights by user, without the first part of its name. */
export function rightsByUser({ users, apps }) {
  const others = {
    topics: topicSetupRights,
    ...Object.fromEntries(apps.map((app) => [app, appRights(app)])),
  };
  if (users === 'services') return { ...serviceRights(apps), ...others };
  if (users === 'one') return { services: processRights(kafkaServices, apps), ...others };
  if (users !== 'processes') throw refuse(`--users must be services, processes or one, got '${users}'`);
  const ofProcesses = Object.entries(processes).map(([name, services]) => [
    name,
    processRights(services, apps),
  ]);
  return { ...Object.fromEntries(ofProcesses), ...others };
}

/** Returns the command of Kafka's kafka-acls.sh that grants one right. */
export function commandOf(principal, { resource, name, pattern, operations }) {
  const place = resource === 'cluster' ? '--cluster' : `--${resource} '${name}'`;
  const kind = pattern === 'prefix' ? ' --resource-pattern-type prefixed' : '';
  const wanted = operations.map((operation) => `--operation ${operation}`).join(' ');
  return `kafka-acls.sh --bootstrap-server "$KAFKA_BROKERS" --command-config admin.properties --add --allow-principal '${principal}' ${wanted} ${place}${kind}`;
}

/** Grants the rights of the users of the services and applications on the cluster, or prints them as commands. */
export async function grantAcls(args, { env, logger }) {
  const options = optionsOf(args);
  const users = Object.entries(rightsByUser(options)).map(([name, rights]) => [
    `User:${options.prefix}${name}`,
    rights,
  ]);
  if (options.isPrinted) {
    for (const [principal, rights] of users)
      for (const right of rights) console.log(commandOf(principal, right));
    return;
  }
  const config = loadConfig(kafkaSettings, env);
  const security = openSecurity(securityOf(config), { logger });
  for (const [principal, rights] of users) {
    await grantRights({ brokers: config.kafkaBrokers, security, principal, rights, logger });
    logger.info({ principal, rights: rights.length }, 'rights.granted');
  }
}
