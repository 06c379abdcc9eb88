export { InboundHeaders } from './headers.ts';
export { hookFailures, type Provider, type SourceOptions } from './provider.ts';
export { providers } from './providers.ts';
export { checkHeaders, type ReceivedHook, type Reception, receiveHook } from './receive-hook.ts';
