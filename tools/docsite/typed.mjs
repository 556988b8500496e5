// basedpyright's worker without the declarations in it: `tools/node.sh tools/docsite/typed.mjs WORKER.js OUT.js >FILES.json`.
// The worker holds them as a module of its bundle, 13 MB of a script that no host packs for sure. OUT.js gets the rest,
// and standard output those of the standard library, which go to the worker packed (typed.py).
import { readFileSync, writeFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';

const [worker, out] = process.argv.slice(2);
const text = readFileSync(worker, 'utf8');
const head = /\d+\(e\)\{e\.exports=(?=\{"\/typeshed\/)/.exec(text);
if (head === null) throw new Error(`${worker} holds no declarations where they were in version 1.39.4`);
const begin = head.index + head[0].length;
const end = endOf(text, begin);
const files = runInNewContext(`(${text.slice(begin, end)})`);
const kept = Object.entries(files).filter(([path]) => /^\/typeshed\/(stdlib\/|LICENSE)/.test(path));
writeFileSync(out, `${text.slice(0, begin)}{}${text.slice(end)}`.replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n'));
process.stdout.write(JSON.stringify(Object.fromEntries(kept)));

/** Where an object literal of plain keys and texts ends. @param {string} source @param {number} from */
function endOf(source, from) {
  for (let at = from + 1, quote = ''; at < source.length; at += 1) {
    const sign = source[at];
    if (quote !== '' && sign === '\\') at += 1;
    else if (quote !== '') quote = sign === quote ? '' : quote;
    else if ('"\'`'.includes(sign)) quote = sign;
    else if (sign === '}') return at + 1;
  }
  throw new Error('the declarations have no end');
}
