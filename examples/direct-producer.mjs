import { Kafka, logLevel } from 'kafkajs';
import { localStack } from './local-stack.mjs';

// Writes two events straight to the log, without the API. Who may write to the topic may write for every workspace:
// see docs/direct-producers.md.
const { brokers, workspace_id: ownWorkspace } = await localStack();
const workspace = process.env.TIDINGS_WORKSPACE ?? ownWorkspace;
const type = process.env.TIDINGS_EVENT_TYPE ?? 'example.order.paid';

const kafka = new Kafka({ clientId: 'orders', brokers: brokers.split(','), logLevel: logLevel.ERROR });
// A partition for each key as Java's clients and Tidings compute it, so that events of one key stay in order.
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
const orderId = `order-${Date.now()}`;

// Binary mode: the attributes are headers, and the value is the data.
const binary = {
  key: orderId,
  headers: {
    ce_specversion: '1.0',
    ce_id: `${orderId}-paid`,
    ce_source: '/orders',
    ce_type: type,
    ce_time: new Date().toISOString(),
    ce_workspaceid: workspace,
    ce_orderingkey: orderId,
    'content-type': 'application/json',
  },
  value: JSON.stringify({ order: orderId, total: '12.50' }),
};

// Structured mode: the whole event is the value.
const structured = {
  key: orderId,
  headers: { 'content-type': 'application/cloudevents+json' },
  value: JSON.stringify({
    specversion: '1.0',
    id: `${orderId}-shipped`,
    source: '/orders',
    type,
    time: new Date().toISOString(),
    workspaceid: workspace,
    orderingkey: orderId,
    datacontenttype: 'application/json',
    data: { order: orderId, tracking: '1Z999' },
  }),
};

await producer.connect();
// -1: when all in-sync replicas have them, as the API does.
await producer.send({ topic: 'tidings.events', acks: -1, messages: [binary, structured] });
await producer.disconnect();
console.log(`written: ${orderId}-paid, ${orderId}-shipped`);
