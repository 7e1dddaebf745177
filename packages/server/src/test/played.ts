import { startTestApp, type TestApp, type TestOptions } from './app.ts';
import { startUpstream, type Upstream } from './upstream.ts';

/** A server, and the local provider that plays what its models are named; closing the server closes both. */
export async function startPlayed(
  model = 'echo',
  options: Omit<TestOptions, 'upstream'> = {},
): Promise<{ app: TestApp; upstream: Upstream }> {
  const upstream = await startUpstream();
  const app = await startTestApp({ ...options, upstream: { url: upstream.url, model } });
  const close = async () => {
    await app.close();
    await upstream.close();
  };
  return { app: { ...app, close }, upstream };
}
