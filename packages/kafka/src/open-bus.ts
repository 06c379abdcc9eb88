import { clientNameOf, createMetrics, measureTls, type ProcessContext } from '@tidings/observability';
import type { Bus, Producer } from './bus.ts';
import { connectKafka } from './kafka-bus.ts';
import { kafkaMetrics } from './metrics.ts';
import { openSecurity } from './security/client-security.ts';
import { type KafkaConfig, securityOf } from './security/settings.ts';

/** The parts of a service context that a bus needs. */
export type BusContext = Readonly<{
  config: KafkaConfig;
  process: ProcessContext;
}>;

/**
 * Returns the bus of this process, which its services share; it closes after all of them. Its metrics carry the name of
 * the process.
 */
export async function openBus({ config, process }: BusContext): Promise<Bus> {
  return process.once('bus', async () => {
    const { name, logger, clock, resources, metrics } = process;
    const security = openSecurity(securityOf(config), { clock, logger });
    const { handles } = createMetrics(kafkaMetrics, { service: name, registry: metrics.registry });
    const { files } = security;
    if (files !== undefined) measureTls(process, { peer: 'kafka', expiry: () => files.expiry() });
    const bus = await connectKafka({
      brokers: config.kafkaBrokers,
      clientId: clientNameOf(name),
      logger,
      clock,
      metrics: handles,
      security,
    });
    resources.add('kafka', async () => bus.close());
    return bus;
  });
}

/**
 * Returns the producer of this process, which its services share; it closes after all of them, and before the bus.
 * `bus`: that of the process.
 */
export async function openProducer({ process }: Pick<BusContext, 'process'>, bus: Bus): Promise<Producer> {
  return process.once('producer', async () => {
    const producer = await bus.producer();
    process.resources.add('producer', async () => producer.close());
    return producer;
  });
}
