import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Compressed once, as small as can be, instead of at each request; the server sends what the browser takes. */
function compressed(): Plugin {
  let folder = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: ({ root, build }) => void (folder = join(root, build.outDir)),
    async closeBundle() {
      const files = await readdir(folder, { recursive: true });
      await Promise.all(
        files
          .filter((file) => /\.(m?js|css|html|svg)$/.test(file))
          .map(async (file) => {
            const bytes = await readFile(join(folder, file));
            await writeFile(join(folder, `${file}.br`), await promisify(brotliCompress)(bytes));
            await writeFile(join(folder, `${file}.gz`), await promisify(gzip)(bytes, { level: 9 }));
          }),
      );
    },
  };
}

const pdfjs = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));

/** Letters and pictures that PDFs may leave to whoever draws them. Nothing that would need WebAssembly, which our pages may not run. */
function partsOfPdfs(): Plugin {
  let folder = '';
  return {
    name: 'parts-of-pdfs',
    apply: 'build',
    configResolved: ({ root, build }) => void (folder = join(root, build.outDir, 'assets')),
    async writeBundle() {
      const { version } = JSON.parse(await readFile(join(pdfjs, 'package.json'), 'utf8')) as { version: string };
      const needed = (path: string): boolean => !/quickjs|QUICKJS|\.wasm$/.test(path);
      for (const part of ['cmaps', 'standard_fonts', 'iccs', 'wasm'])
        await cp(join(pdfjs, part), join(folder, `pdfjs-${version}`, part), { recursive: true, filter: needed });
    },
  };
}

export default defineConfig({
  plugins: [react(), partsOfPdfs(), compressed()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    rolldownOptions: {
      // What every page needs, and what every conversation does: small files each pay for their own compression.
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'base',
              test: /node_modules[\\/](react|react-dom|scheduler|i18next|react-i18next)[\\/]|preload-helper|rolldown[\\/]runtime|sdk[\\/]src[\\/]api|src[\\/](lib[\\/](ui|isId)|features[\\/]rooms[\\/]access)\.tsx?$/,
            },
            {
              name: 'room',
              test: /sdk[\\/]src[\\/]live|src[\\/]lib[\\/]TimeLeft|src[\\/]features[\\/]sessions[\\/](Transcript|Composer|useRoom|roomState|useFollow|typing)\.tsx?$/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:4310', ws: true } } },
});
