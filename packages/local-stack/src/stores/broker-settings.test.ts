import { expect, test } from 'vitest';

import { brokerProperties, propertiesText } from './broker-settings.ts';

const places = [1, 2, 3].map((nodeId) => ({
  nodeId,
  port: 9_000 + nodeId,
  controllerPort: 9_100 + nodeId,
  dataFolder: `/data/${nodeId}`,
}));

test('three brokers have replication factor 3 and min.insync.replicas 2', () => {
  const [first, second] = places;
  if (first === undefined || second === undefined) throw new Error('no places');
  const settings = brokerProperties('127.0.0.1', second, places);
  expect(settings).toMatchObject({
    'node.id': '2',
    listeners: 'PLAINTEXT://127.0.0.1:9002,CONTROLLER://127.0.0.1:9102',
    'controller.quorum.voters': '1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103',
    'default.replication.factor': '3',
    'min.insync.replicas': '2',
    'offsets.topic.replication.factor': '3',
    'offsets.retention.minutes': '43200',
  });
  expect(brokerProperties('127.0.0.1', first, [first])).toMatchObject({
    'default.replication.factor': '1',
    'min.insync.replicas': '1',
    'offsets.topic.replication.factor': '1',
  });
});

test('a broker behind a proxy listens on its port and tells clients that of the proxy', () => {
  const place = {
    nodeId: 1,
    port: 9_001,
    advertisedPort: 9_051,
    controllerPort: 9_101,
    dataFolder: '/data/1',
  };
  expect(brokerProperties('127.0.0.1', place, [place])).toMatchObject({
    listeners: 'PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:9101',
    'advertised.listeners': 'PLAINTEXT://127.0.0.1:9051',
  });
});

test('a backslash in a path is escaped for the properties format', () => {
  expect(propertiesText({ 'log.dirs': 'C:\\data', 'node.id': '1' })).toBe('log.dirs=C:\\\\data\nnode.id=1\n');
});
