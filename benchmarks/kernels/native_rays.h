/* The cases of rays.py for native.c, whose macros and arrays these are. */

enum { FEW = 32 };

static uint32_t tree(const float *boxes, uint32_t count, uint32_t leaf, lw_node *nodes, uint32_t *order, float *area) {
    uint32_t *scratch = room(4 * (size_t)count);
    return lw_bvh_build(boxes, count, leaf, nodes, order, scratch, area);
}

static void triangles(void) {
    size_t size, rays_size;
    float *positions = load("ball_positions", &size), area;
    uint32_t *indices = load("ball_indices", &size), count = (uint32_t)(size / 12);
    float *rays = load("ball_rays", &rays_size);
    uint32_t ray_count = (uint32_t)(rays_size / 32);
    float *boxes = room(24 * (size_t)count), *distance = room(4 * (size_t)ray_count), *weights = room(8 * (size_t)ray_count);
    lw_node *nodes = room(64 * (size_t)count);
    uint32_t *order = room(4 * (size_t)count), *scratch = room(4 * (size_t)count), *item = room(4 * (size_t)ray_count);
    uint32_t used = 0;
    lw_bvh_triangle_boxes(positions, indices, count, boxes);
    printf(", ");
    TIMED("bvh build", , used = lw_bvh_build(boxes, count, 4, nodes, order, scratch, &area), checksum(order, count));
    printf(", ");
    TIMED("bvh refit", , lw_bvh_refit(boxes, order, nodes, used, &area), checksum(nodes, 8 * (size_t)used));
    printf(", ");
    TIMED("rays, triangles", , lw_bvh_rays(nodes, used, order, positions, indices, rays, ray_count, distance, item, weights),
          checksum(distance, FEW));
}

static void instances(void) {
    size_t size, rays_size;
    float *places = load("places", &size), area;
    uint32_t count = (uint32_t)(size / 40), order_of_mesh[12], table[4] = {0, 0, 0, 12};
    float *cube = load("cube_positions", &size), around[72], *rays = load("place_rays", &rays_size);
    uint32_t *corners = load("cube_indices", &size), ray_count = (uint32_t)(rays_size / 32);
    lw_node mesh[24], *nodes = room(64 * (size_t)count);
    lw_bvh_triangle_boxes(cube, corners, 12, around);
    table[1] = tree(around, 12, 4, mesh, order_of_mesh, &area);
    uint32_t *of = room(4 * (size_t)count), *order = room(4 * (size_t)count);
    float *boxes = room(24 * (size_t)count), *distance = room(4 * (size_t)ray_count);
    uint32_t *item = room(4 * (size_t)ray_count), *triangle = room(4 * (size_t)ray_count);
    lw_bvh_instance_boxes(places, of, table, mesh, count, boxes);
    uint32_t used = tree(boxes, count, 2, nodes, order, &area);
    printf(", ");
    TIMED("rays, instances", , lw_bvh_rays_instances(nodes, used, order, boxes, places, of, table, mesh, order_of_mesh, cube,
          corners, rays, ray_count, distance, item, triangle), checksum(distance, FEW));
}

static void ground(void) {
    size_t size, rays_size;
    uint16_t *codes = load("codes", &size), *pyramid = room(size);
    uint32_t side = 1;
    while ((size_t)side * side * 2 < size) side++;
    double *grid = load("grid", &size), *rays = load("ground_rays", &rays_size);
    uint32_t ray_count = (uint32_t)(rays_size / 64);
    double *distance = room(8 * (size_t)ray_count);
    uint32_t *triangle = room(4 * (size_t)ray_count);
    lw_field_pyramid(codes, side, side, pyramid);
    printf(", ");
    TIMED("rays, ground", , lw_field_rays(codes, side, side, grid, pyramid, rays, ray_count, distance, triangle),
          checksum(distance, 2 * FEW));
}
