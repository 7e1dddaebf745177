import { sendFile } from '../../platform/http/files.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { AccountService } from './account.service.ts';

export function accountRoutes(app: App, account: AccountService) {
  app.get(
    '/api/v1/me/account/export',
    {
      config: { permission: 'own-account', rate: 'heavy' },
      schema: { summary: 'What is stored about one’s own account, as JSON, Markdown and PDF in a zip' },
    },
    async (request, reply) => {
      const { name, body } = await account.exportOwn(actorOf(request));
      return sendFile(reply, { name, type: 'application/zip', body });
    },
  );
}
