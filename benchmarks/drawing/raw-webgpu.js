/** Hand-written WebGPU: one draw a box (`loop`), or one instanced draw of all (`batched`). */
import { HEIGHT, WIDTH, boxGeometry, composeAll, viewProjection } from './scene.js';

const SHADER = `
struct Out { @builtin(position) position: vec4f, @location(0) lit: vec3f };
@group(0) @binding(0) var<uniform> viewProjection: mat4x4f;
@group(0) @binding(1) var<storage, read> models: array<mat4x4f>;
@group(0) @binding(2) var<storage, read> colors: array<vec4f>;
@vertex fn vertex(@builtin(instance_index) i: u32, @location(0) position: vec3f, @location(1) normal: vec3f) -> Out {
  let model = models[i];
  let n = normalize((model * vec4f(normal, 0)).xyz);
  return Out(viewProjection * model * vec4f(position, 1), colors[i].rgb * (0.3 + 0.7 * max(dot(n, vec3f(0.5, 0.7, 0.5)), 0.0)));
}
@fragment fn fragment(in: Out) -> @location(0) vec4f { return vec4f(in.lit, 1); }`;

export async function create(canvas, scene, batched) {
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice();
  const context = canvas.getContext('webgpu');
  const format = navigator.gpu.getPreferredCanvasFormat();
  context.configure({ device, format, alphaMode: 'opaque' });
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = await device.createRenderPipelineAsync({
    layout: 'auto',
    vertex: { module, buffers: [{ arrayStride: 24, attributes: [{ shaderLocation: 0, offset: 0, format: 'float32x3' }, { shaderLocation: 1, offset: 12, format: 'float32x3' }] }] },
    fragment: { module, targets: [{ format }] },
    primitive: { cullMode: 'back' },
    depthStencil: { format: 'depth32float', depthWriteEnabled: true, depthCompare: 'less' },
    multisample: { count: 4 },
  });
  const { vertices, indices } = boxGeometry();
  const make = (data, usage) => {
    const buffer = device.createBuffer({ size: data.byteLength, usage: usage | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  };
  const vertexBuffer = make(vertices, GPUBufferUsage.VERTEX);
  const indexBuffer = make(indices, GPUBufferUsage.INDEX);
  const models = new Float32Array(scene.count * 16);
  const colors = new Float32Array(scene.count * 4);
  for (let i = 0; i < scene.count; i += 1) colors.set(scene.color.subarray(i * 3, i * 3 + 3), i * 4);
  const modelBuffer = make(models, GPUBufferUsage.STORAGE);
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [make(viewProjection(scene, true), GPUBufferUsage.UNIFORM), modelBuffer, make(colors, GPUBufferUsage.STORAGE)].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const target = (textureFormat) => device.createTexture({ size: [WIDTH, HEIGHT], sampleCount: 4, format: textureFormat, usage: GPUTextureUsage.RENDER_ATTACHMENT }).createView();
  const color = target(format);
  const depth = target('depth32float');
  const frame = (time) => {
    composeAll(scene, time, models);
    device.queue.writeBuffer(modelBuffer, 0, models);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view: color, resolveTarget: context.getCurrentTexture().createView(), loadOp: 'clear', storeOp: 'discard', clearValue: [0, 0, 0, 1] }],
      depthStencilAttachment: { view: depth, depthLoadOp: 'clear', depthStoreOp: 'discard', depthClearValue: 1 },
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.setVertexBuffer(0, vertexBuffer);
    pass.setIndexBuffer(indexBuffer, 'uint16');
    if (batched) pass.drawIndexed(36, scene.count);
    else for (let i = 0; i < scene.count; i += 1) pass.drawIndexed(36, 1, 0, 0, i);
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
  return { frame, destroy: () => device.destroy() };
}
