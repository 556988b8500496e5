// @ts-check
/**
 * @file The looks of widgets: dark glass. A page and a program set the variables.
 *
 * Contrast: words on the surface are at least 7:1 over a white picture, muted ones 4.5:1.
 */
export const STYLE = `
:host { position: absolute; inset: 0; z-index: 2; pointer-events: none; contain: layout style; }
.layer {
  --accent: var(--ui-accent, #7cc4ff); --on-accent: var(--ui-on-accent, #08131d); --text: var(--ui-text, #f3f6f9);
  --muted: var(--ui-muted, #c3ccd6); --surface: var(--ui-surface, rgb(15 19 25 / .76));
  --line: var(--ui-line, rgb(255 255 255 / .14)); --radius: var(--ui-radius, 10px); --gap: var(--ui-gap, 8px);
  position: absolute; inset: 0; color: var(--text); text-align: start; user-select: none; -webkit-user-select: none;
  font: var(--ui-size, 14px)/1.4 var(--ui-font, system-ui, sans-serif); }
[hidden], .away { display: none !important; }
.regions, .area { position: absolute; inset: 0; overflow: hidden; }
.regions { container-type: size; }
.region { position: absolute; display: flex; flex-direction: column; gap: var(--gap); box-sizing: border-box;
  padding: calc(var(--gap) * 1.5); max-width: 100%; max-height: 100%; overflow: auto; scrollbar-width: thin; }
.region:empty { display: none; }
.region > *, .column > *, .row > *, .grid > * { pointer-events: auto; flex: none; max-width: 100%; box-sizing: border-box; }
.top { top: 0; } .bottom { bottom: 0; } .left { left: 0; } .right { right: 0; }
.left { align-items: flex-start; } .right { align-items: flex-end; }
.top:not(.left, .right), .bottom:not(.left, .right), .center { left: 50%; transform: translateX(-50%); align-items: center;
  width: max-content; }
.left:not(.top, .bottom), .right:not(.top, .bottom) { top: 50%; transform: translateY(-50%); }
.center { top: 50%; transform: translate(-50%, -50%); }
.regions.page { overflow-y: auto; scrollbar-width: none; }
.region.moved { bottom: auto; }
.region.moved:is(.left, .right) { transform: none; } .region.moved:not(.left, .right) { transform: translateX(-50%); }
.column { display: flex; flex-direction: column; gap: var(--gap); align-items: stretch; }
.row { display: flex; flex-wrap: wrap; gap: var(--gap); align-items: center; }
.grid { display: grid; grid-template-columns: repeat(var(--columns, 2), minmax(0, 1fr)); gap: var(--gap); }
.region > .row, .region > .column, .region > .grid, .at, .at > * { pointer-events: none; }
.region > :is(.row, .column, .grid) > *, .at > :is(.button, .control, .panel) { pointer-events: auto; }
.at { position: absolute; left: 0; top: 0; align-items: center; gap: calc(var(--gap) / 2); width: max-content; }

.text { margin: 0; white-space: pre-line; overflow-wrap: anywhere; }
.title { margin: 0; font-size: 1.7em; line-height: 1.2; font-weight: 700; }
.heading { margin: 0; font-size: 1.15em; font-weight: 650; }
.small { font-size: .86em; }
.mono { font-family: ui-monospace, monospace; }
.regions .text, .at > .text, .regions .bar > .name { text-shadow: 0 0 2px rgb(0 0 0 / .8), 0 1px 6px rgb(0 0 0 / .7); }
.regions .text, .at > .text { pointer-events: none !important; font-weight: 600; }
.region > .text:not(.title, .small) { font-size: 1.2em; }
.layer .panel .text, .layer .panel .bar > .name { text-shadow: none; font-weight: inherit; }

.button, .control, .panel { border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface);
  color: var(--text); font: inherit; -webkit-backdrop-filter: blur(var(--ui-blur, 12px)) saturate(1.3);
  backdrop-filter: blur(var(--ui-blur, 12px)) saturate(1.3); box-sizing: border-box; }
.button { padding: .55em 1.2em; min-height: 2.6em; overflow-wrap: anywhere; font-weight: 600; cursor: pointer; touch-action: manipulation;
  transition: background-color .15s, border-color .15s, transform .1s; }
.button:hover:enabled { border-color: var(--accent);
  background: color-mix(in srgb, var(--accent) 22%, rgb(15 19 25 / .86)); }
.button:active:enabled { transform: scale(.97); }
.control { display: grid; grid-template-columns: 1fr auto; align-items: center; gap: .2em .8em;
  padding: .5em .85em .6em; width: 15em; }
.checkbox { cursor: pointer; touch-action: manipulation; padding-block: .6em; }
.name { color: var(--muted); overflow-wrap: anywhere; }
.shown { font-variant-numeric: tabular-nums; }
.panel { padding: .9em 1em 1em; }
.panel .panel { padding: 0; border: 0; background: none; -webkit-backdrop-filter: none; backdrop-filter: none; }
.panel > .heading { margin-bottom: .6em; }
.panel :is(.control, .button) { -webkit-backdrop-filter: none; backdrop-filter: none; }
.panel .control { width: auto; min-width: min(13em, 100%); padding: .1em 0; border: 0; background: none; border-radius: 0; }
.panel .button { background: rgb(255 255 255 / .09); }
.panel .button:hover:enabled { background: color-mix(in srgb, var(--accent) 30%, rgb(15 19 25 / .8)); }

.range { grid-column: 1 / -1; width: 100%; height: 1.5em; margin: 0; cursor: pointer; background: none; border-radius: 6px;
  appearance: none; -webkit-appearance: none; touch-action: pan-y; }
.range::-webkit-slider-runnable-track { height: 4px; border-radius: 2px;
  background: linear-gradient(var(--accent) 0 0) 0 / var(--fill, 0%) 100% no-repeat rgb(255 255 255 / .25); }
.range::-moz-range-track { height: 4px; border-radius: 2px; background: rgb(255 255 255 / .25); }
.range::-moz-range-progress { height: 4px; border-radius: 2px; background: var(--accent); }
.range::-webkit-slider-thumb { appearance: none; -webkit-appearance: none; width: 16px; height: 16px; margin-top: -6px;
  border-radius: 50%; border: 0; background: var(--text); box-shadow: 0 1px 4px rgb(0 0 0 / .5); }
.range::-moz-range-thumb { width: 16px; height: 16px; border-radius: 50%; border: 0; background: var(--text); }
.check { width: 1.25em; height: 1.25em; margin: 0; accent-color: var(--accent); cursor: pointer; }
.field { width: 9em; min-width: 0; box-sizing: border-box; padding: .35em .5em; border: 1px solid var(--line); font: inherit;
  border-radius: calc(var(--radius) * .6); background: rgb(0 0 0 / .35); color: var(--text); user-select: text;
  -webkit-user-select: text; }
.field::placeholder { color: var(--muted); opacity: 1; }
.field option { background: #12171e; color: #f3f6f9; }
.rows { grid-column: 1 / -1; list-style: none; margin: 0; padding: 2px; max-height: 11em; overflow-y: auto;
  border-radius: calc(var(--radius) * .6); scrollbar-width: thin; touch-action: pan-y; }
.rows > li { padding: .3em .6em; border-radius: calc(var(--radius) * .6); cursor: pointer; overflow-wrap: anywhere;
  content-visibility: auto; contain-intrinsic-height: auto 2em; }
.rows > li:hover { background: rgb(255 255 255 / .1); }
.rows > li[aria-selected="true"] { background: var(--accent); color: var(--on-accent); }
.bar { display: grid; gap: .15em; width: 11em; pointer-events: none !important; font-weight: 600; }
.bar > .name { color: var(--text); font-size: .9em; }
.track { height: .7em; border-radius: .4em; background: rgb(10 14 19 / .7); box-shadow: 0 0 0 1px rgb(255 255 255 / .25);
  overflow: hidden; }
.fill { display: block; height: 100%; width: 0; background: var(--accent); transition: width .12s; }
.image { display: grid; } .image > * { max-width: 100%; border-radius: calc(var(--radius) * .6); }
.markdown { max-width: 34em; user-select: text; -webkit-user-select: text; overflow-wrap: anywhere; }
.markdown > :first-child { margin-top: 0; } .markdown > :last-child { margin-bottom: 0; }
.markdown :is(h2, h3, h4) { margin: .8em 0 .3em; line-height: 1.25; } .markdown :is(p, ul, ol, pre) { margin: .5em 0; }
.markdown :is(ul, ol) { padding-inline-start: 1.4em; } .markdown a { color: var(--accent); }
.markdown :is(code, pre) { font-family: ui-monospace, monospace; font-size: .92em; background: rgb(0 0 0 / .35);
  border-radius: 4px; padding: .1em .3em; } .markdown pre { padding: .6em .8em; white-space: pre-wrap; }

.backdrop { position: absolute; inset: 0; display: grid; place-items: center; pointer-events: auto; overflow: auto;
  background: rgb(5 8 12 / .5); padding: var(--gap); }
.layer .dialog { background: var(--ui-surface, rgb(15 19 25 / .88)); }
.dialog { min-width: min(18em, 100%); max-width: min(36em, 100%); padding: 1.4em 1.5em 1.5em; outline: none;
  box-shadow: 0 12px 40px rgb(0 0 0 / .45); animation: rise .16s ease-out; }
.dialog > .title { font-size: 1.35em; margin-bottom: .8em; }
.dialog > .column { gap: calc(var(--gap) * 1.4); }
@keyframes rise { from { opacity: 0; transform: translateY(8px); } }

:disabled, [aria-disabled="true"] { opacity: .5; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important; } }
@media (prefers-contrast: more) { .layer { --surface: var(--ui-surface, #0b0f14); --muted: var(--text); --line: currentcolor; } }
`;
