export { type AddressClass, classifyAddress, isOwnListener, isPublicAddress } from './address-policy.ts';
export type { EndpointCheck } from './check-endpoint.ts';
export {
  createEgress,
  type Egress,
  type EgressOptions,
  type EgressRequest,
} from './create-egress.ts';
export type { Dial } from './dial-first.ts';
export { checkHeader, type HeaderCheck, headerRules } from './header-policy.ts';
export type { NetworkPolicy, OwnListener, UrlPolicy } from './network-policy.ts';
export { defaultPorts } from './network-policy.ts';
export { type Cidr, parseNetworks } from './networks.ts';
export { type OperatorSettings, operatorPolicy } from './operator-policy.ts';
export { type Resolution, type Resolver, type SystemResolverOptions, systemResolver } from './resolver.ts';
export { sendWithRepeat } from './send-with-repeat.ts';
export type { PoolStats } from './socket-pools.ts';
export type { TlsOptions } from './tls-contexts.ts';
export {
  checkUrl,
  maxUrlLength,
  type UrlCheck,
  type UrlRule,
  type UrlViolation,
  urlRules,
} from './url-policy.ts';
