import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { startTestApp, type TestApp } from '../../packages/server/src/test/app.ts';
import { startUpstream, type Upstream } from '../../packages/server/src/test/upstream.ts';
import { launch } from './browser.ts';

/** The pages as they were built. */
export const webRoot = resolve(import.meta.dirname, '../../packages/web/dist');

export interface House {
  browser: Browser;
  app: TestApp;
  close(): Promise<void>;
}

export interface PlayedHouse extends House {
  upstream: Upstream;
}

/** A browser and a server with its pages; `model` names what the local provider plays, and without it there is none. */
export function openHouse(): Promise<House>;
export function openHouse(model: string): Promise<PlayedHouse>;
export async function openHouse(model?: string): Promise<House & Partial<PlayedHouse>> {
  const [browser, upstream] = await Promise.all([launch(), model === undefined ? undefined : startUpstream()]);
  const played = upstream && model !== undefined ? { upstream: { url: upstream.url, model } } : {};
  const app = await startTestApp({ config: { webRoot }, ...played });
  const close = async () => {
    await browser.close();
    await app.close();
    await upstream?.close();
  };
  return { browser, app, close, ...(upstream && { upstream }) };
}
