import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { Express } from 'express';
import { isLastOfConnection } from './unread-body.ts';

/** The classes that a server makes its requests and responses of. */
export type ServerClasses = Readonly<{
  IncomingMessage: typeof IncomingMessage;
  ServerResponse: typeof ServerResponse;
}>;

const classes = new WeakMap<RequestListener, ServerClasses>();

/**
 * Makes the server create requests and responses that have express's prototypes from the start. Express sets them on
 * each object otherwise, and V8 then treats every one of them as a stranger in all of node:http: measured 102 µs of CPU
 * a request against 35 (bare node:http: 33). With another server the app still works, only slower.
 */
export function bindServerClasses(app: Express): void {
  class AppRequest extends IncomingMessage {}
  class AppResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
    // Every answer comes through here, also those that begin with their first write.
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

/** The classes for the server of an app; node's own for any other listener. */
export function serverClassesOf(app: RequestListener): ServerClasses {
  return classes.get(app) ?? { IncomingMessage, ServerResponse };
}
