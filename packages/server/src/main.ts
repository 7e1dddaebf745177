import { enableCompileCache } from 'node:module';

// Before anything else is loaded: later starts take the compiled modules from disk.
enableCompileCache();
const { run } = await import('./run.ts');
await run();
