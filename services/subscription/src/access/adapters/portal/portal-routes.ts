import { workspaceId } from '@tidings/contracts';
import { jsonBody, named, type Route, route } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { actorOf } from '../../../registry/adapters/call-scope.ts';
import { refuseFaults } from '../../../registry/refuse-faults.ts';
import { bodySchemas, type TokenBody } from '../../domain/key-request.ts';
import { noPortalSettings, type PortalSettings } from '../../domain/portal/portal-settings.ts';
import { pathFault, portalPathSchema, portalUrl } from '../../domain/portal/portal-url.ts';
import { coloursOf } from '../../domain/portal/theme.ts';
import { issueConsumerToken, newTokenId, type TokenParts } from '../../issue-consumer-token.ts';
import { findRules } from '../../workspace-directory.ts';
import { portalLinkSchema, portalSchema } from './portal-schemas.ts';

/** Dependencies of the portal's routes. `portalUrl`: its address, as browsers reach it; undefined if it is not set. */
export type PortalRouteParts = TokenParts & Readonly<{ portalUrl: string | undefined }>;

/** Body of POST …/portal-links. */
type LinkBody = TokenBody & Readonly<{ path?: string }>;

const tag = 'Portal';
const linkBodySchema = {
  ...bodySchemas.token,
  properties: { ...bodySchemas.token.properties, path: portalPathSchema },
} as const;

/** Returns the routes of `/v1/webhooks/portal` and `/v1/webhooks/portal-links`. */
export const portalRoutes = (parts: PortalRouteParts): Route[] => [readRoute(parts), linkRoute(parts)];

const settingsOf = async (parts: TokenParts, workspace: string): Promise<PortalSettings> =>
  (await findRules(parts, workspaceId(workspace)))?.portal ?? noPortalSettings;

const readRoute = (parts: PortalRouteParts): Route =>
  route({
    operationId: 'getPortal',
    method: 'GET',
    path: '/v1/webhooks/portal',
    access: 'any',
    tag,
    summary: 'Read the appearance of the portal',
    description:
      "Name, image and colours of the portal of the caller's workspace. All colours but `accent` and `bar` are derived from these, so that text can be read on them.",
    responses: { 200: { description: 'The appearance.', schema: portalSchema } },
    handle: async ({ principal }) => {
      const { name, logo, light, dark, origins, refresh_url } = await settingsOf(
        parts,
        principal.workspaceId,
      );
      const colours = { light: coloursOf('light', light), dark: coloursOf('dark', dark) };
      return {
        status: 200,
        body: { name, logo, ...colours, origins, refresh_url },
        headers: { 'cache-control': 'no-store' },
      };
    },
  });

const linkRoute = (parts: PortalRouteParts): Route =>
  route({
    operationId: 'createPortalLink',
    method: 'POST',
    path: '/v1/webhooks/portal-links',
    access: 'admin',
    tag,
    summary: 'Create a link to the portal of a consumer',
    description:
      'A consumer token, and the URL that opens the portal with it. Redirect the browser of the partner there at once: until it expires, whoever has the link has the access of the token. Needs PORTAL_URL of the subscription service.',
    problems: ['conflict'],
    newId: newTokenId,
    body: jsonBody<LinkBody>({
      schema: named('NewPortalLink', linkBodySchema),
      example: { consumer_id: 'acme', path: '/deliveries?status=failed' },
    }),
    responses: { 201: { description: 'The link.', schema: portalLinkSchema } },
    handle: async (call) => {
      const { principal, body, run } = call;
      const { path = '/', ...request } = body;
      const base = portalBase(parts);
      refuseFaults(portalUrl(base, path, '') === null ? [pathFault(path)] : []);
      const { token, scopes, expiresAtMs } = await issueConsumerToken(parts, {
        ...{ principal, body: request, id: run.id, by: actorOf(call) },
      });
      const { origins, refresh_url } = await settingsOf(parts, principal.workspaceId);
      return {
        status: 201,
        body: {
          ...{ url: portalUrl(base, path, token), token, consumer_id: body.consumer_id, scopes },
          ...{ expires_at: new Date(expiresAtMs).toISOString(), origins, refresh_url },
        },
        headers: { 'cache-control': 'no-store' },
      };
    },
  });

function portalBase({ portalUrl: base }: PortalRouteParts): string {
  if (base !== undefined) return base;
  const message =
    'The address of the portal is not known: set PORTAL_URL of the subscription service, such as https://webhooks.example.com/portal.';
  throw new AppError({ code: 'conflict', message });
}
