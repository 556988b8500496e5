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
[hidden] { display: none !important; }
.region { position: absolute; display: flex; flex-direction: column; gap: var(--gap); box-sizing: border-box;
  padding: calc(var(--gap) * 1.5); max-width: 100%; max-height: 100%; overflow: auto; scrollbar-width: thin; }
.region:empty { display: none; }
.region > * { pointer-events: auto; flex: none; max-width: 100%; box-sizing: border-box; }
.top { top: 0; } .bottom { bottom: 0; } .left { left: 0; } .right { right: 0; }
.left { align-items: flex-start; } .right { align-items: flex-end; }
.top:not(.left, .right), .bottom:not(.left, .right), .center { left: 50%; transform: translateX(-50%); align-items: center; }
.left:not(.top, .bottom), .right:not(.top, .bottom) { top: 50%; transform: translateY(-50%); }
.center { top: 50%; transform: translate(-50%, -50%); }
.text { margin: 0; white-space: pre-line; overflow-wrap: anywhere; }
.region > .text { pointer-events: none; font-weight: 600; font-size: 1.2em;
  text-shadow: 0 0 2px rgb(0 0 0 / .8), 0 1px 6px rgb(0 0 0 / .7); }
.button, .control { border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface);
  color: var(--text); font: inherit; -webkit-backdrop-filter: blur(var(--ui-blur, 12px)) saturate(1.3);
  backdrop-filter: blur(var(--ui-blur, 12px)) saturate(1.3); }
.button { padding: .55em 1.2em; min-height: 2.6em; font-weight: 600; cursor: pointer; touch-action: manipulation;
  transition: background-color .15s, border-color .15s, transform .1s; }
.button:hover { border-color: var(--accent); background: color-mix(in srgb, var(--accent) 22%, rgb(15 19 25 / .86)); }
.button:active { transform: scale(.97); }
.control { display: grid; grid-template-columns: 1fr auto; align-items: center; gap: .2em .8em;
  padding: .5em .85em .6em; width: 15em; }
.name { color: var(--muted); overflow-wrap: anywhere; }
.shown { font-variant-numeric: tabular-nums; }
.range { grid-column: 1 / -1; width: 100%; height: 1.5em; margin: 0; cursor: pointer; background: none; border-radius: 6px;
  appearance: none; -webkit-appearance: none; touch-action: pan-y; }
.range::-webkit-slider-runnable-track { height: 4px; border-radius: 2px;
  background: linear-gradient(var(--accent) 0 0) 0 / var(--fill, 0%) 100% no-repeat rgb(255 255 255 / .25); }
.range::-moz-range-track { height: 4px; border-radius: 2px; background: rgb(255 255 255 / .25); }
.range::-moz-range-progress { height: 4px; border-radius: 2px; background: var(--accent); }
.range::-webkit-slider-thumb { appearance: none; -webkit-appearance: none; width: 16px; height: 16px; margin-top: -6px;
  border-radius: 50%; border: 0; background: var(--text); box-shadow: 0 1px 4px rgb(0 0 0 / .5); }
.range::-moz-range-thumb { width: 16px; height: 16px; border-radius: 50%; border: 0; background: var(--text); }
:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
@media (prefers-contrast: more) { .layer { --surface: var(--ui-surface, #0b0f14); --muted: var(--text); --line: currentcolor; } }
`;
