/**
 * The editor of one program, in a shadow tree: there CodeMirror needs no style element, which a strict policy refuses.
 *
 * Tab leaves it, as everywhere on the page; Ctrl-] and Ctrl-[ indent.
 */
import { python } from '@codemirror/lang-python';
import { HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup } from 'codemirror';
import { completing } from './completing.js';

// Colours by the page's own variables: they follow its light and dark.
const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.operatorKeyword, tags.definitionKeyword, tags.moduleKeyword], color: 'var(--md-code-hl-keyword-color)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--md-code-hl-string-color)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--md-code-hl-number-color)' },
  { tag: tags.comment, color: 'var(--md-code-hl-comment-color)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName)), tags.className], color: 'var(--md-code-hl-function-color)' },
  { tag: [tags.operator, tags.meta], color: 'var(--md-code-hl-operator-color)' },
]);
const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--md-code-fg-color)', backgroundColor: 'var(--md-code-bg-color)', fontSize: '13px' },
  '.cm-scroller': { fontFamily: 'var(--md-code-font-family, ui-monospace, monospace)', lineHeight: '1.5' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--md-default-fg-color--light)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--md-default-fg-color--lightest)' },
  '.cm-cursor': { borderLeftColor: 'var(--md-code-fg-color)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--md-accent-fg-color--transparent) !important' },
  '.lw-explained': { maxWidth: '34rem', maxHeight: '18rem', overflow: 'auto', padding: '.4rem .6rem', whiteSpace: 'pre-wrap',
    fontFamily: 'var(--md-code-font-family, ui-monospace, monospace)', fontSize: '12px' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy #e53935' }, // its own are data: pictures
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy #fb8c00' },
  '.cm-tooltip': { color: 'var(--md-code-fg-color)', backgroundColor: 'var(--md-code-bg-color)', border: '1px solid var(--md-default-fg-color--lightest)' },
  '.cm-tooltip .cm-completionInfo': { padding: '0' },
  '.cm-panels': { backgroundColor: 'var(--md-default-bg-color)', color: 'var(--md-default-fg-color)' },
});

/** One text with Python's colours. */
export class Editor {
  /**
   * @param {HTMLElement} box
   * @param {string} text
   * @param {() => void} run what Ctrl-Enter does
   * @param {string} file the program's name
   * @param {(text: string) => void} say where completion says what it lacks
   */
  constructor(box, text, run, file, say) {
    const root = box.attachShadow({ mode: 'open' });
    const command = () => {
      run();
      return true;
    };
    this.view = new EditorView({
      root, parent: root,
      state: EditorState.create({ doc: text, extensions: [
        Prec.highest(keymap.of([{ key: 'Mod-Enter', run: command }])), completing(file, say), basicSetup, python(), indentUnit.of('    '), look,
        syntaxHighlighting(colors), EditorView.contentAttributes.of({ 'aria-label': 'The program' }),
      ] }),
    });
    root.firstElementChild?.setAttribute('part', 'editor');
  }

  get text() {
    return this.view.state.doc.toString();
  }

  set text(value) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: value } });
  }

  /** Shows a line and puts the cursor there. @param {number} number from 1 */
  show(number) {
    const { doc } = this.view.state;
    if (number < 1 || number > doc.lines) return;
    const { from } = doc.line(number);
    this.view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
  }
}
