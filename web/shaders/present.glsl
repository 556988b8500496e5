// WebGL2 only: puts the finished picture on the canvas, whose first row is the bottom one and which stores sRGB as is.
uniform sampler2D source;
layout(location = 0) out vec4 out_color;

void main() {
  ivec2 size = textureSize(source, 0);
  vec3 c = texelFetch(source, ivec2(int(gl_FragCoord.x), size.y - 1 - int(gl_FragCoord.y)), 0).rgb;
  vec3 low = c * 12.92;
  vec3 high = 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055;
  out_color = vec4(mix(high, low, lessThanEqual(c, vec3(0.0031308))), 1.0);
}
