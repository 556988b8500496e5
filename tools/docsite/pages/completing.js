/**
 * What basedpyright knows, in the editor: completion, what a name is below the pointer, wrong lines underlined.
 *
 * Nothing of it is fetched before the first change of the text; until it is there, and where it can't be, completion
 * has Python's own names and those of the text.
 */
import { autocompletion, completeAnyWord } from '@codemirror/autocomplete';
import { globalCompletion } from '@codemirror/lang-python';
import { setDiagnostics } from '@codemirror/lint';
import { EditorView, hoverTooltip } from '@codemirror/view';
import { Typing } from './typing.js';

const KINDS = ['', 'text', 'method', 'function', 'function', 'property', 'variable', 'class', 'interface', 'namespace', 'property', '',
  'constant', 'enum', 'keyword', 'text', '', '', '', '', 'constant', 'constant', 'class', '', '', 'type']; // the protocol's, by number

/**
 * The editor's extensions.
 * @param {string} file the program's name
 * @param {(text: string) => void} say what becomes of it
 */
export function completing(file, say) {
  /** @type {Typing | null} */
  let typing = null;
  let isReady = false;

  /** @param {EditorView} view */
  async function begin(view) {
    typing = new Typing(file, (found) => view.dispatch(setDiagnostics(view.state, found.map((one) => marked(view, one)))));
    try {
      await typing.start(view.state.doc.toString());
      isReady = true;
      typing.update(view.state.doc.toString());
    } catch (error) {
      typing.stop();
      say(`Completion has only the names of this text: ${/** @type {Error} */ (error).message}.`);
    }
  }

  /** @param {import('@codemirror/autocomplete').CompletionContext} context */
  async function complete(context) {
    const word = context.matchBefore(/\w*/);
    if (!context.explicit && !context.matchBefore(/(\w|\.)$/)) return null;
    if (!isReady || typing === null) return globalCompletion(context) ?? completeAnyWord(context);
    const asked = typing;
    const items = await asked.completions(positionOf(context.state.doc, context.pos));
    return {
      from: word?.from ?? context.pos, validFor: /^\w*$/,
      options: items.map((item) => ({
        label: item.label, type: KINDS[item.kind] ?? '', apply: item.insertText ?? item.label, boost: item.label.startsWith('_') ? -50 : 0,
        info: async () => explained(await asked.explain(item)),
      })),
    };
  }

  return [
    autocompletion({ override: [complete] }),
    hoverTooltip(async (view, pos) => {
      const text = isReady && typing !== null ? await typing.hover(positionOf(view.state.doc, pos)) : '';
      return text === '' ? null : { pos, create: () => ({ dom: explained(text) }) };
    }),
    EditorView.updateListener.of(({ docChanged, view }) => {
      if (!docChanged) return;
      if (typing === null) begin(view);
      else if (isReady) typing.update(view.state.doc.toString());
    }),
  ];
}

/** @param {import('@codemirror/state').Text} doc @param {number} pos */
function positionOf(doc, pos) {
  const { number, from } = doc.lineAt(pos);
  return { line: number - 1, character: pos - from };
}

/** @param {EditorView} view @param {import('./typing.js').Diagnostic} one @returns {import('@codemirror/lint').Diagnostic} */
function marked({ state: { doc } }, { range, severity, message }) {
  const at = (/** @type {import('./typing.js').Position} */ { line, character }) => (
    line < doc.lines ? Math.min(doc.line(line + 1).from + character, doc.length) : doc.length); // it may be of a longer text
  const from = at(range.start);
  return { from, to: Math.max(from, at(range.end)), severity: severity === 1 ? 'error' : 'warning', message };
}

/** @param {string} text */
function explained(text) {
  const box = document.createElement('div');
  box.className = 'lw-explained';
  box.textContent = text;
  return box;
}
