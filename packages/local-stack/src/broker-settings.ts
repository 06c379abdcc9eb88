/** Where one broker listens and keeps its data. Each is a broker and a KRaft controller. */
export type BrokerPlace = Readonly<{
  nodeId: number;
  port: number;
  controllerPort: number;
  /** Folder of its log segments. */
  dataFolder: string;
}>;

/** The `server.properties` of one broker in a cluster of all `places`. Kafka's own setting names and units. */
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
    'advertised.listeners': `PLAINTEXT://${host}:${place.port}`,
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
    // How long a killed broker holds up its own restart and its partitions; Kafka's default is 9 s.
    'broker.session.timeout.ms': '6000',
    'broker.heartbeat.interval.ms': '1000',
    'unclean.leader.election.enable': 'false',
    // The broker stores what the producer compressed; retry topics choose LogAppendTime for themselves.
    'compression.type': 'producer',
    'log.message.timestamp.type': 'CreateTime',
    'log.cleaner.dedupe.buffer.size': '20971520',
    'num.io.threads': '4',
    'num.network.threads': '2',
    'num.replica.fetchers': '1',
    'background.threads': '2',
  };
}

/** Java properties text, one setting a line. Backslashes are escaped (Windows paths in `log.dirs`). */
export function propertiesText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('');
}
