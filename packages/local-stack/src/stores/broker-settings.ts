/** The listeners and data folder of one broker. Each process is a broker and a KRaft controller. */
export type BrokerPlace = Readonly<{
  nodeId: number;
  port: number;
  /** The port that clients and other brokers are told to use, such as that of a proxy. Default: `port`. */
  advertisedPort?: number;
  controllerPort: number;
  /** The port of its secure listener, if it has one. */
  securePort?: number;
  /** The folder of its log segments. */
  dataFolder: string;
}>;

/** Returns the `server.properties` of one broker in a cluster of all `places`, in Kafka's setting names and units. */
export function brokerProperties(
  host: string,
  place: BrokerPlace,
  places: readonly BrokerPlace[],
): Readonly<Record<string, string>> {
  const replicas = String(Math.min(3, places.length));
  const minInSync = String(Math.min(2, places.length));
  return {
    'process.roles': 'broker,controller',
    'node.id': String(place.nodeId),
    'controller.quorum.voters': places.map((p) => `${p.nodeId}@${host}:${p.controllerPort}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${host}:${place.port},CONTROLLER://${host}:${place.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${host}:${place.advertisedPort ?? place.port}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': place.dataFolder,
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'min.insync.replicas': minInSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '8',
    // A stack that was off for longer than Kafka's default of 7 days must not read old retries again.
    'offsets.retention.minutes': '43200',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minInSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': minInSync,
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker delays its own restart and its partitions for this long; Kafka's default is 9 s.
    'broker.session.timeout.ms': '6000',
    'broker.heartbeat.interval.ms': '2000',
    // Kafka's default is a record twice a second, whose only purpose is to show that the controllers' log advances.
    'metadata.max.idle.interval.ms': '0',
    'unclean.leader.election.enable': 'false',
    // The broker stores batches as the producer compressed them; retry topics set LogAppendTime themselves.
    'compression.type': 'producer',
    'log.message.timestamp.type': 'CreateTime',
    // Allocated at the start, and enough for 80,000 keys in one pass.
    'log.cleaner.dedupe.buffer.size': '2097152',
    // Requests that have ended are kept until there are so many. With Kafka's default of 1,000 they live for seconds, so that they
    // are moved to the old generation and fill it: 0.6 MB a second at 200 events a second, instead of 0.1.
    'fetch.purgatory.purge.interval.requests': '200',
    'producer.purgatory.purge.interval.requests': '200',
    // Each thread wakes a few times a second at rest, and there are seldom more than a few cores.
    'num.io.threads': '2',
    'num.network.threads': '1',
    'num.replica.fetchers': '1',
    'background.threads': '1',
    'group.coordinator.threads': '1',
    'share.coordinator.threads': '1',
  };
}

/** Formats Java properties, one setting per line. Escapes backslashes (Windows paths in `log.dirs`). */
export function propertiesText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('');
}
