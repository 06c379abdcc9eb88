// Creates missing topics and checks existing ones: run `node deploy/create-topics.mjs` once before the services start,
// with KAFKA_BROKERS, REPLICATION_FACTOR and the settings of TLS and the user (docs/kafka-and-mongodb.md) in the
// environment. The local stack does this by itself. `--acls` grants the users of the services their rights, or prints them.

import { ensureTopics, kafkaSettings, openSecurity, securityOf } from '../packages/kafka/dist/index.js';
import { createLogger } from '../packages/observability/dist/index.js';
import { AppError, loadConfig, sharedSettings } from '../packages/runtime/dist/index.js';
import { grantAcls } from './rights/grant-acls.mjs';

const logger = createLogger({ service: 'create-topics' });

async function createTopics() {
  const { replicationFactor, ...kafka } = loadConfig(
    { ...kafkaSettings, replicationFactor: sharedSettings.replicationFactor },
    process.env,
  );
  const brokers = kafka.kafkaBrokers;
  const security = openSecurity(securityOf(kafka), { logger });
  const { created, warnings } = await ensureTopics({ brokers, security, replicationFactor, logger });
  logger.info({ created: created.length, warnings: warnings.length }, 'topics.ready');
}

try {
  const args = process.argv.slice(2);
  if (args.includes('--acls')) await grantAcls(args, { env: process.env, logger });
  else if (args.length === 0) await createTopics();
  else
    throw new AppError({
      code: 'config-invalid',
      message: `unknown argument '${args[0]}': --acls is the only one`,
    });
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  console.error(error.message);
  process.exitCode = error.code === 'config-invalid' ? 78 : 1;
}
