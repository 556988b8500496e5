// The editor and what is around it as one script: `tools/node.sh tools/docsite/bundle.mjs OUT.js`.
import { build } from 'esbuild';

await build({
  entryPoints: [new URL('pages/playground.js', import.meta.url).pathname],
  outfile: process.argv[2],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'eof',
  logLevel: 'warning',
});
