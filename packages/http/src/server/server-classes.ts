import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { Express } from 'express';
import { isLastOfConnection } from './unread-body.ts';
import { ignoreOtherUpgrades } from './upgrades.ts';

/** The classes of a server's requests and responses. */
export type ServerClasses = Readonly<{
  IncomingMessage: typeof IncomingMessage;
  ServerResponse: typeof ServerResponse;
}>;

const classes = new WeakMap<RequestListener, ServerClasses>();

/**
 * Makes the server create requests and responses that have express's prototypes from the start. Otherwise express sets
 * them on each object, and V8 then treats each as an unknown shape in all of node:http: measured 102 µs of CPU per
 * request against 35 (bare node:http: 33). With another server the app still works, only slower.
 */
export function bindServerClasses(app: Express): void {
  class AppRequest extends IncomingMessage {}
  ignoreOtherUpgrades(AppRequest.prototype);
  class AppResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
    // Every response calls this method, also one that begins with its first write.
    override writeHead(...given: readonly unknown[]): this {
      if (isLastOfConnection(this.req)) this.setHeader('connection', 'close');
      Reflect.apply(super.writeHead, this, given);
      return this;
    }
  }
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  app.request = AppRequest.prototype as typeof app.request;
  app.response = AppResponse.prototype as typeof app.response;
  classes.set(app, { IncomingMessage: AppRequest, ServerResponse: AppResponse });
}

/** Returns the classes for an app's server; node's own for any other listener. */
export function serverClassesOf(app: RequestListener): ServerClasses {
  return classes.get(app) ?? { IncomingMessage, ServerResponse };
}
