// @ts-check
/**
 * @file How the inspector looks. Text has a contrast of at least 7 to 1 against its ground, quiet text 4.5 to 1.
 *
 * Owns: the sheet, and that the picture makes room where WIDE_PX are there; a narrower element is covered. Limits:
 * everything lies beneath `.inspector` or `.inspector-picture`, but for that.
 */
const PANEL_PX = 410;
const WIDE_PX = 700;

export const STYLE = `
:host { container-type: inline-size; }
@container (min-width: ${WIDE_PX}px) { .stage:has(~ .inspector) { right: ${PANEL_PX}px; } }
.inspector { position: absolute; inset: 0 0 0 auto; box-sizing: border-box; width: min(${PANEL_PX}px, 100%); display: flex;
  flex-direction: column; background: #161b22f5; color: #dfe7f0; font: 12px/1.5 system-ui, sans-serif; z-index: 4;
  box-shadow: -1px 0 0 #5aa9e655; }
.inspector * { box-sizing: border-box; }
.inspector button { position: static; padding: 3px 9px; border: 1px solid transparent; border-radius: 4px;
  background: #2d3948; color: #fff; font: inherit; cursor: pointer; }
.inspector button[aria-pressed=true], .inspector [aria-selected=true] { background: #24476b; }
.inspector :focus-visible { outline: 2px solid #5aa9e6; outline-offset: -1px; }
.inspector input, .inspector select, .inspector textarea { padding: 2px 5px; border: 1px solid #3a4757; border-radius: 4px;
  background: #10141a; color: inherit; font: inherit; min-width: 0; }
.inspector .head, .inspector .tabs, .inspector .time { display: flex; gap: 4px; padding: 6px 8px; background: #1f2733;
  align-items: center; flex-wrap: wrap; }
.inspector .head h2 { margin: 0 auto 0 0; font: 600 13px/1.4 system-ui, sans-serif; }
.inspector .tabs { padding-top: 0; }
.inspector .body { flex: 1; min-height: 0; display: flex; }
.inspector .body > * { flex: 1; min-width: 0; overflow: auto; padding: 8px; }
.inspector .body > .scene { display: flex; flex-direction: column; gap: 6px; overflow: hidden; }
.inspector .list { position: relative; flex: 1 1 45%; min-height: 66px; overflow: auto; border: 1px solid #2a323d; }
.inspector .list > div { position: relative; }
.inspector .line { position: absolute; left: 0; right: 0; height: 22px; padding: 2px 8px; overflow: hidden;
  white-space: nowrap; text-overflow: ellipsis; cursor: default; }
.inspector .line.entity { padding-left: 22px; }
.inspector .line.group { font-weight: 600; }
.inspector .line.cursor { box-shadow: inset 0 0 0 1px #5aa9e6; }
.inspector .quiet, .inspector .hidden { color: #a3b0bf; font-weight: 400; }
.inspector .fields { flex: 1 1 55%; overflow: auto; }
.inspector fieldset { margin: 0 0 8px; padding: 4px 8px 8px; border: 1px solid #2a323d; border-radius: 4px; min-width: 0; }
.inspector legend { padding: 0 4px; font-weight: 600; }
.inspector .field { display: grid; grid-template-columns: 92px 1fr auto; gap: 4px; align-items: center; margin-top: 3px; }
.inspector .field > span:first-child { overflow-wrap: anywhere; }
.inspector .parts { display: flex; gap: 4px; min-width: 0; align-items: center; }
.inspector .parts input[type=number] { width: 100%; flex: 1 1 0; }
.inspector .parts input[type=range] { flex: 2 1 0; padding: 0; }
.inspector .parts input[type=color] { width: 40px; height: 22px; padding: 0; }
.inspector .trouble { color: #ffb3a8; overflow-wrap: anywhere; white-space: pre-wrap; }
.inspector .done { color: #a8e6b0; overflow-wrap: anywhere; }
.inspector table { width: 100%; border-collapse: collapse; }
.inspector th, .inspector td { padding: 1px 4px; text-align: left; font-weight: 400; overflow-wrap: anywhere; }
.inspector td.number, .inspector th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.inspector thead th { color: #a3b0bf; }
.inspector h3 { margin: 10px 0 4px; font: 600 12px/1.5 system-ui, sans-serif; }
.inspector h3:first-child { margin-top: 0; }
.inspector .gauge { position: relative; height: 14px; margin: 2px 0 4px; background: #2a323d; border-radius: 3px; overflow: hidden;
  display: flex; }
.inspector .gauge i { display: block; height: 100%; }
.inspector .fixed { background: #7d8fa3; } .inspector .used { background: #5aa9e6; } .inspector .spare { background: #31577a; }
.inspector .map { width: 100%; height: auto; background: #10141a; border: 1px solid #2a323d; }
.inspector .said { margin: 0; padding: 1px 0; border-bottom: 1px solid #222a34; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 12px/1.45 ui-monospace, monospace; }
.inspector .said.l1 { color: #ffd88a; } .inspector .said.l2, .inspector .said.l3 { color: #ffb3a8; }
.inspector .said.l5 { color: #9fd3ff; }
.inspector .console { display: flex; flex-direction: column; gap: 6px; }
.inspector .console .output { flex: 1; overflow: auto; }
.inspector .console textarea { width: 100%; resize: vertical; font: 12px/1.45 ui-monospace, monospace; }
.inspector .console ul { margin: 0; padding: 0; list-style: none; max-height: 110px; overflow: auto; }
.inspector .console li { padding: 0 6px; font: 12px/1.5 ui-monospace, monospace; }
.inspector .time input { flex: 1; padding: 0; }
.inspector-picture { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; z-index: 2; overflow: hidden; }
.inspector-picture.picks { pointer-events: all; cursor: crosshair; }
.inspector-picture line { stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.inspector-picture .box line { stroke: #ffd24a; }
.inspector-picture .a0 { stroke: #ff7369; fill: #ff7369; } .inspector-picture .a1 { stroke: #7fe08a; fill: #7fe08a; }
.inspector-picture .a2 { stroke: #74b6ff; fill: #74b6ff; }
.inspector-picture .axis line { stroke-width: 3; }
.inspector-picture .axis .grip { stroke: transparent; stroke-width: 14; pointer-events: stroke; cursor: grab; }
@media (prefers-contrast: more) { .inspector { background: #000; } }
`;
