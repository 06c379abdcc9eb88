import {
  type CommandsSuperseded,
  type DeliveryState,
  decodeSuperseded,
  encodeSuperseded,
  topics,
} from '@tidings/contracts';
import type { Bus, IncomingRecord, Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';

type Dependencies = Readonly<{ bus: Pick<Bus, 'readRange'>; producer: Producer; logger: Logger }>;

/** One record of the log: who is superseded, where, and since when (epoch milliseconds). */
export type SupersededRecord = Readonly<{ partition: number; superseded: CommandsSuperseded; atMs: number }>;

/** The topic of superseded commands, from which `SupersededChains` is restored. */
export class SupersededCommandsLog {
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Writes that the older chains of a command's delivery are superseded. Resolves when all in-sync replicas have it. */
  async write(partition: number, { subscriptionId, deliveryId, chain }: DeliveryState): Promise<void> {
    const superseded: CommandsSuperseded = {
      type: 'CommandsSuperseded.v1',
      subscriptionId,
      deliveryId,
      chain,
    };
    await this.#dependencies.producer.publish({
      topic: topics.supersededCommands,
      partition,
      ...encodeSuperseded(superseded),
    });
  }

  /** Reads every record of the partitions. One that does not decode is logged and skipped. */
  async read(partitions: readonly number[], onRecord: (record: SupersededRecord) => void): Promise<void> {
    await this.#dependencies.bus.readRange({
      topic: topics.supersededCommands,
      partitions,
      from: { offsets: new Map(partitions.map((partition) => [partition, 0n])) },
      onRecord: (record) => {
        const superseded = this.#decode(record);
        if (superseded !== null)
          onRecord({ partition: record.partition, superseded, atMs: record.timestampMs });
      },
      service: 'delivery',
    });
  }

  #decode(record: IncomingRecord): CommandsSuperseded | null {
    if (record.value === null) return null;
    try {
      return decodeSuperseded(record);
    } catch (error) {
      const { partition, offset, key } = record;
      const fields = { partition, offset: String(offset), key, detail: messageOf(error) };
      this.#dependencies.logger.error(fields, 'superseded-commands.unreadable');
      return null;
    }
  }
}
