// What the vertex shader hands to the fragment shader; position is camera-relative.
in vec3 v_position;
in vec3 v_normal;
in vec4 v_tangent;
in vec2 v_uv;
in vec4 v_color;

layout(location = 0) out vec4 out_color;
