import { PrivacyProfile, RecordOfProcessing, RecordQuery } from '@rapport/protocol/processing';
import { sendFile } from '../../platform/http/files.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { RecordService } from './record.service.ts';

export function recordRoutes(app: App, record: RecordService) {
  app.get(
    '/api/v1/privacy/record',
    {
      config: { permission: 'privacy.read' },
      schema: { summary: 'The record of processing, as JSON or Markdown', querystring: RecordQuery },
    },
    async (request, reply) => {
      if (request.query.format === 'json') return record.make(actorOf(request));
      const body = await record.markdown(actorOf(request));
      return sendFile(reply, { name: 'record-of-processing.md', type: 'text/markdown; charset=utf-8', body });
    },
  );
  app.put(
    '/api/v1/privacy/record/profile',
    {
      config: { permission: 'privacy.manage' },
      schema: { summary: 'Say who answers for it', body: PrivacyProfile, response: { 200: RecordOfProcessing } },
    },
    (request) => record.putProfile(actorOf(request), request.body),
  );
}
