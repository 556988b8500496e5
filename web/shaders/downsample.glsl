// Halves a texture level: the mean of 2 x 2 texels (the last row or column again where the size is odd), in linear light.
uniform sampler2D source; // its base level is the level to read
layout(location = 0) out vec4 out_color;

void main() {
  ivec2 last = textureSize(source, 0) - 1;
  ivec2 p = ivec2(gl_FragCoord.xy) * 2;
  vec4 a = texelFetch(source, min(p, last), 0);
  vec4 b = texelFetch(source, min(p + ivec2(1, 0), last), 0);
  vec4 c = texelFetch(source, min(p + ivec2(0, 1), last), 0);
  vec4 d = texelFetch(source, min(p + ivec2(1, 1), last), 0);
  out_color = (a + b + c + d) * 0.25;
}
