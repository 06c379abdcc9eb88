import { pipeline } from 'node:stream/promises';
import { queryOf, type Route, route } from '@tidings/http';
import type { ObjectStorage } from '@tidings/object-storage';
import { AppError, type Clock } from '@tidings/runtime';
import type { JobStore } from '../../jobs/ports.ts';
import { fileKey, fileName } from '../domain/export-spec.ts';
import { isLinkValid, type LinkKeys } from '../domain/sign-link.ts';
import type { ExportJob } from '../run-export.ts';
import { exportParams } from './export-routes.ts';
import { fileSchema } from './export-schemas.ts';
import { exportsPath, isReady } from './export-view.ts';

/** The dependencies of the route. `onDownload`: called with the size of each file before it is sent. */
export type FileRouteParts = Readonly<{
  jobs: Pick<JobStore, 'findAnywhere'>;
  storage: Pick<ObjectStorage, 'get'>;
  linkKeys: LinkKeys;
  clock: Clock;
  onDownload(bytes: number): void;
}>;

type LinkQuery = Readonly<{ expires: number; signature: string }>;

const linkQuery = queryOf<LinkQuery>(
  {
    expires: {
      type: 'integer',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'The end of the link, in epoch seconds.',
    },
    signature: { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'The signature of the link.' },
  },
  ['expires', 'signature'],
);

// The same for a wrong signature, an ended link and a file that is gone: a link reveals nothing about other exports.
const noFile = (): AppError =>
  new AppError({
    code: 'not-found',
    message: 'The link is wrong or has ended, or the file was removed: read the export again for a new link.',
  });

const findFile = async (
  { jobs, storage, linkKeys, clock }: FileRouteParts,
  link: Readonly<{ id: string }> & LinkQuery,
) => {
  const nowMs = clock.nowMs();
  if (!isLinkValid(linkKeys, { ...link, nowMs })) throw noFile();
  const job = (await jobs.findAnywhere(link.id)) as ExportJob | null;
  if (job?.kind !== 'export' || !isReady(job, nowMs)) throw noFile();
  const file = await storage.get(fileKey(job.workspaceId, job.id));
  if (file === null) throw noFile();
  return { ...file, name: fileName(job.spec) };
};

/** Declares the route that sends the file of an export to whoever has a signed link. */
export const fileRoute = (parts: FileRouteParts): Route =>
  route({
    operationId: 'downloadExport',
    method: 'GET',
    path: `${exportsPath}/{id}/file`,
    access: { public: 'The link is signed and ends: a browser cannot send a key when it follows one.' },
    tag: 'Exports',
    summary: 'Download the file of an export by its signed link',
    params: exportParams,
    query: linkQuery,
    responses: {
      200: {
        description: 'The file, with `Content-Disposition: attachment`.',
        type: 'application/octet-stream',
        schema: fileSchema,
      },
    },
    problems: ['not-found', 'unavailable'],
    handle: async ({ params: { id }, query, request, response }) => {
      const { object, body, name } = await findFile(parts, { id, ...query });
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-length': object.bytes,
        'content-disposition': `attachment; filename="${name}"`,
        'x-content-type-options': 'nosniff',
        'cache-control': 'private, no-store',
        'referrer-policy': 'no-referrer',
      });
      if (request.method === 'HEAD') {
        body.destroy();
        response.end();
        return undefined;
      }
      parts.onDownload(object.bytes);
      // A reader that goes away ends the stream; the status is sent, so an error can only end it too.
      await pipeline(body, response).catch(() => response.destroy());
      return undefined;
    },
  });
