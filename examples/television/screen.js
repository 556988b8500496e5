// What the television shows: a curve, the time, and the text of the field, drawn on a canvas that is not in the page.
const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
const context = canvas.getContext('2d');
const field = document.querySelector('#text');

function draw(now) {
  context.fillStyle = '#071d2b';
  context.fillRect(0, 0, 640, 360);
  context.strokeStyle = '#2ee6a8';
  context.lineWidth = 5;
  context.beginPath();
  for (let x = 0; x <= 640; x += 4) {
    context.lineTo(x, 215 + 60 * Math.sin(x / 40 + now / 300) * Math.sin(x / 204));
  }
  context.stroke();
  context.fillStyle = 'white';
  context.textAlign = 'center';
  context.font = '600 44px system-ui, sans-serif';
  context.fillText(field.value, 320, 80);
  context.font = '28px system-ui, sans-serif';
  context.fillText(new Date().toLocaleTimeString(), 320, 335);
  requestAnimationFrame(draw);
}

requestAnimationFrame(draw);
await customElements.whenDefined('layer-w');
document.querySelector('layer-w').textures.set('screen', canvas);
