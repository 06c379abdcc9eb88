export type { DnsAnswer, DnsQuestion, DnsServer, DnsZone } from './dns-server.ts';
export { startDnsServer } from './dns-server.ts';
export type { EventuallyOptions } from './eventually.ts';
export { eventually } from './eventually.ts';
export type { AnswerTo, ReceivedRequest, Receiver, ReceiverAnswer, ReceiverOptions } from './receiver.ts';
export { startReceiver } from './receiver.ts';
