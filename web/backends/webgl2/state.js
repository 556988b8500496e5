// @ts-check
/** @file The fixed-function state of WebGL2, set as whole groups, as a WebGPU pipeline does.
 *
 * Owns: clip control. With EXT_clip_control, clip space and framebuffer rows are WebGPU's (depth zero to one, first row
 * on top). Without it the vertex shader flips y, so front faces turn the other way round.
 */
export class GlState {
  /** @param {WebGL2RenderingContext} gl @param {boolean} [useClipControl] false: as if the extension were missing */
  constructor(gl, useClipControl = true) {
    this.gl = gl;
    this.clip = useClipControl ? gl.getExtension('EXT_clip_control') : null;
    gl.clearDepth(0);
    /** What blendFuncSeparate was told last. */
    this.blending = '';
    gl.disable(gl.DITHER);
    this.offscreen();
  }

  /** Conventions of passes into our own framebuffers. */
  offscreen() {
    const { gl, clip } = this;
    if (clip) clip.clipControlEXT(clip.UPPER_LEFT_EXT, clip.ZERO_TO_ONE_EXT);
    this.mirrored(false);
    gl.cullFace(gl.BACK);
  }

  /** Which way front faces wind. @param {boolean} mirrored instances are mirror images of their meshes */
  mirrored(mirrored) {
    const { gl, clip } = this;
    gl.frontFace((clip !== null) !== mirrored ? gl.CCW : gl.CW);
  }

  /** Conventions of the last pass, onto the canvas. */
  onscreen() {
    const { clip } = this;
    if (clip) clip.clipControlEXT(clip.LOWER_LEFT_EXT, clip.NEGATIVE_ONE_TO_ONE_EXT);
  }

  /** One triangle over everything, no depth, no blending. @param {WebGLProgram} program */
  fullscreen(program) {
    const { gl } = this;
    gl.useProgram(program);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    gl.disable(gl.CULL_FACE);
  }

  /** What a row says about depth and blending. @param {import('../../gen/passes.js').Pass} row
   * @param {boolean} bothSides culling is off; else `sides` says */
  pass({ depth, depthTest, depthWrite, blend }, bothSides) {
    const { gl } = this;
    if (depth === '') gl.disable(gl.DEPTH_TEST);
    else {
      gl.enable(gl.DEPTH_TEST);
      gl.depthFunc({ '': gl.ALWAYS, greater: gl.GREATER, 'greater-equal': gl.GEQUAL }[depthTest]);
    }
    gl.depthMask(depthWrite);
    if (blend === '') gl.disable(gl.BLEND);
    else gl.enable(gl.BLEND);
    if (bothSides) gl.disable(gl.CULL_FACE);
    if (bothSides && blend !== '') this.blend(blend, false, false);
  }

  /** How what is drawn is put over what is there. @param {'over' | 'premultiplied' | 'weighted' | 'shade'} blend @param {boolean} given
   * @param {boolean} premultiplied */
  blend(blend, given, premultiplied) {
    const { gl } = this;
    const blending = `${blend} ${given} ${premultiplied}`;
    if (blending === this.blending) return;
    this.blending = blending;
    if (blend === 'weighted') gl.blendFuncSeparate(gl.ONE, gl.ONE, gl.ZERO, gl.ONE_MINUS_SRC_ALPHA);
    else if (blend === 'premultiplied') gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    else if (blend === 'shade') gl.blendFuncSeparate(gl.ZERO, gl.ONE_MINUS_SRC_ALPHA, gl.ZERO, gl.ONE);
    else gl.blendFuncSeparate(premultiplied ? gl.ONE : gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, given ? gl.ONE : gl.ZERO, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** What a draw's pipeline says. Alpha is the share of colours that are shown as given: what is lit writes none.
   * @param {{ doubleSided: boolean, given: boolean, alpha: boolean, premultiplied: boolean, blend: '' | 'over' | 'premultiplied' | 'weighted' | 'shade',
   *   coverage: boolean }} pipeline */
  pipeline({ doubleSided, given, alpha, premultiplied, blend, coverage }) {
    const { gl } = this;
    if (doubleSided) gl.disable(gl.CULL_FACE);
    else gl.enable(gl.CULL_FACE);
    if (blend !== '') this.blend(blend, given, premultiplied);
    gl.colorMask(true, true, true, alpha || blend !== '');
    if (coverage) gl.enable(gl.SAMPLE_ALPHA_TO_COVERAGE);
    else gl.disable(gl.SAMPLE_ALPHA_TO_COVERAGE);
  }

  /** After draws: what clears and full-screen passes rely on. */
  endDraws() {
    const { gl } = this;
    gl.colorMask(true, true, true, true);
    gl.disable(gl.SAMPLE_ALPHA_TO_COVERAGE);
  }
}
