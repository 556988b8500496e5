// @ts-check
/**
 * @file The page's half of actions (layerw/actions/): sticks and buttons above the canvas, pads that shake, and a line to
 * type into.
 *
 * Owns: the circles, as Python says them, on touch devices; one line at a time. Does not: hear the fingers (input.js
 * does), or know actions.
 */

/** @typedef {[x: number, y: number, radius: number, label: string, held: boolean]} Circle CSS pixels */
/** @typedef {{ label: string, text: string, length: number }} Line */
/** @typedef {{ pad: number, strong: number, weak: number, ms: number }} Rumble */

const LOOK = {
  position: 'absolute', left: '0', top: '0', boxSizing: 'border-box', borderRadius: '50%', pointerEvents: 'none',
  border: '2px solid rgb(255 255 255 / 55%)', color: 'white', font: '600 13px system-ui, sans-serif', overflow: 'hidden',
  display: 'flex', alignItems: 'center', justifyContent: 'center', textShadow: '0 0 3px black', userSelect: 'none',
};

const LINE_LOOK = {
  position: 'absolute', left: '50%', top: '20%', transform: 'translateX(-50%)', width: 'min(80%, 24em)', zIndex: '1',
  boxSizing: 'border-box', padding: '0.6em 0.8em', border: '2px solid white', borderRadius: '0.5em',
  background: 'rgb(0 0 0 / 75%)', color: 'white', font: '18px system-ui, sans-serif',
};

/** @type {import('../subsystems.js').Start} */
export function start({ stage, send }) {
  /** @type {HTMLInputElement | null} */
  let line = null;
  const endLine = (/** @type {string | null} */ typed) => {
    if (line === null) return;
    const ended = line;
    line = null; // before the blur that removing it is
    ended.remove();
    stage.focus({ preventScroll: true });
    send({ typed });
  };
  const askLine = (/** @type {Line} */ { label, text, length }) => {
    line?.remove();
    const input = line = Object.assign(document.createElement('input'), { value: text, maxLength: length, placeholder: label });
    input.setAttribute('aria-label', label);
    Object.assign(input.style, LINE_LOOK);
    for (const type of ['keydown', 'mousedown', 'pointerdown', 'touchend', 'wheel']) {
      input.addEventListener(type, (event) => event.stopPropagation()); // it is not the program's
    }
    input.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'Enter') endLine(input.value);
      if (event.key === 'Escape') endLine(null);
    });
    stage.append(input);
    input.focus();
    input.select();
  };
  /** @type {HTMLElement[]} */
  const circles = [];
  if (matchMedia('(any-pointer: coarse)').matches && navigator.maxTouchPoints > 0) send({ touch: true });
  return {
    receive: (/** @type {{ show?: Circle[], rumble?: Rumble, type?: Line }} */ { show, rumble, type }) => {
      if (show) draw(stage, circles, show);
      if (rumble) shake(rumble);
      if (type) askLine(type);
    },
    close: () => {
      line?.remove();
      circles.splice(0).forEach((circle) => circle.remove());
    },
  };
}

/** @param {HTMLElement} stage @param {HTMLElement[]} circles @param {Circle[]} wanted */
function draw(stage, circles, wanted) {
  while (circles.length < wanted.length) {
    const circle = document.createElement('div');
    circle.setAttribute('aria-hidden', 'true');
    Object.assign(circle.style, LOOK);
    circles.push(stage.appendChild(circle));
  }
  circles.splice(wanted.length).forEach((circle) => circle.remove());
  wanted.forEach(([x, y, radius, label, held], number) => {
    const circle = circles[number];
    circle.textContent = label;
    Object.assign(circle.style, {
      width: `${2 * radius}px`, height: `${2 * radius}px`, transform: `translate(${x - radius}px, ${y - radius}px)`,
      background: held ? 'rgb(255 255 255 / 45%)' : 'rgb(0 0 0 / 25%)',
    });
  });
}

/** @param {Rumble} rumble */
function shake({ pad, strong, weak, ms }) {
  const actuator = /** @type {any} */ (navigator.getGamepads()[pad])?.vibrationActuator;
  // A pad that cannot, or a page that may not: nothing shakes, and nothing is wrong.
  actuator?.playEffect?.('dual-rumble', { duration: ms, strongMagnitude: strong, weakMagnitude: weak })?.catch?.(() => {});
}
