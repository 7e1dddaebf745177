import { Empty, IdParams } from '@rapport/protocol/common';
import { Budget, BudgetList, BudgetPut, RateLimits, UsageDays, UsageQuery } from '@rapport/protocol/limits';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { BudgetService } from './budgets.service.ts';

const read = { permission: 'organisation.read' } as const;
const manage = { permission: 'security.manage' } as const;

export function budgetRoutes(app: App, budgets: BudgetService, limits: RateLimits) {
  app.get(
    '/api/v1/budgets',
    { config: read, schema: { summary: 'Budgets and what was used of them', response: { 200: BudgetList } } },
    (request) => budgets.list(actorOf(request)),
  );
  app.put(
    '/api/v1/budgets',
    {
      config: manage,
      schema: { summary: 'Set the budget of a subject for a period', body: BudgetPut, response: { 200: Budget } },
    },
    (request) => budgets.put(actorOf(request), request.body),
  );
  app.delete(
    '/api/v1/budgets/:id',
    { config: manage, schema: { summary: 'Remove a budget', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await budgets.remove(actorOf(request), request.params.id);
      return {};
    },
  );
  app.get(
    '/api/v1/usage',
    {
      config: read,
      schema: { summary: 'What replies used, by day', querystring: UsageQuery, response: { 200: UsageDays } },
    },
    (request) => budgets.byDay(actorOf(request), request.query.days),
  );
  app.get(
    '/api/v1/limits',
    { config: read, schema: { summary: 'Requests a minute', response: { 200: RateLimits } } },
    () => limits,
  );
}
