// Creates missing topics and checks existing ones: run `node deploy/create-topics.mjs` once before the services start,
// with KAFKA_BROKERS and REPLICATION_FACTOR in the environment. The local stack does this by itself.
import { ensureTopics } from '../packages/kafka/dist/index.js';
import { createLogger } from '../packages/observability/dist/index.js';
import { AppError, loadConfig, sharedSettings } from '../packages/runtime/dist/index.js';

const logger = createLogger({ service: 'create-topics' });
try {
  const { kafkaBrokers, replicationFactor } = loadConfig(
    { kafkaBrokers: sharedSettings.kafkaBrokers, replicationFactor: sharedSettings.replicationFactor },
    process.env,
  );
  const { created, warnings } = await ensureTopics({ brokers: kafkaBrokers, replicationFactor, logger });
  logger.info({ created: created.length, warnings: warnings.length }, 'topics.ready');
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  console.error(error.message);
  process.exitCode = error.code === 'config-invalid' ? 78 : 1;
}
