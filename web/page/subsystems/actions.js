// @ts-check
/**
 * @file The page's half of actions (layerw/actions/): sticks and buttons above the canvas, and pads that shake.
 *
 * Owns: the circles, as Python says them, on touch devices. Does not: hear the fingers (input.js does), or know actions.
 */

/** @typedef {[x: number, y: number, radius: number, label: string, held: boolean]} Circle CSS pixels */
/** @typedef {{ pad: number, strong: number, weak: number, ms: number }} Rumble */

const LOOK = {
  position: 'absolute', left: '0', top: '0', boxSizing: 'border-box', borderRadius: '50%', pointerEvents: 'none',
  border: '2px solid rgb(255 255 255 / 55%)', color: 'white', font: '600 13px system-ui, sans-serif', overflow: 'hidden',
  display: 'flex', alignItems: 'center', justifyContent: 'center', textShadow: '0 0 3px black', userSelect: 'none',
};

/** @type {import('../subsystems.js').Start} */
export function start({ stage, send }) {
  /** @type {HTMLElement[]} */
  const circles = [];
  if (matchMedia('(any-pointer: coarse)').matches && navigator.maxTouchPoints > 0) send({ touch: true });
  return {
    receive: (/** @type {{ show?: Circle[], rumble?: Rumble }} */ { show, rumble }) => {
      if (show) draw(stage, circles, show);
      if (rumble) shake(rumble);
    },
    close: () => circles.splice(0).forEach((circle) => circle.remove()),
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
