"""The twins under the kernels' names, all together.

Owns: nothing. Imported where there are no kernels, and by the tests that compare both.
"""

from __future__ import annotations

from layerw.kernels.twins import bvh, bvh_curve, bvh_rows, cull, heightfield, rays, sort, transform


class NumpyKernels:
    """The twins, under the kernels' names."""

    lw_cull_lods = staticmethod(cull.lw_cull_lods)
    lw_cull_runs = staticmethod(cull.lw_cull_runs)
    lw_cull_cells = staticmethod(cull.lw_cull_cells)
    lw_cull_sorted = staticmethod(cull.lw_cull_sorted)
    lw_sphere_radii = staticmethod(cull.lw_sphere_radii)
    lw_sort_u32 = staticmethod(sort.lw_sort_u32)
    lw_sort_u64 = staticmethod(sort.lw_sort_u64)
    lw_compose_rows = staticmethod(transform.lw_compose_rows)
    lw_mirrored = staticmethod(transform.lw_mirrored)
    lw_not_finite = staticmethod(transform.lw_not_finite)
    lw_scatter_poses = staticmethod(transform.lw_scatter_poses)
    lw_bvh_triangle_boxes = staticmethod(bvh.lw_bvh_triangle_boxes)
    lw_bvh_build = staticmethod(bvh.lw_bvh_build)
    lw_bvh_build_curve = staticmethod(bvh_curve.lw_bvh_build_curve)
    lw_bvh_links = staticmethod(bvh.lw_bvh_links)
    lw_bvh_refit_some = staticmethod(bvh.lw_bvh_refit_some)
    lw_bvh_choose_rows = staticmethod(bvh_rows.lw_bvh_choose_rows)
    lw_bvh_take_rows = staticmethod(rays.lw_bvh_take_rows)
    lw_bvh_refit = staticmethod(bvh.lw_bvh_refit)
    lw_bvh_rays = staticmethod(rays.lw_bvh_rays)
    lw_bvh_blocked = staticmethod(rays.lw_bvh_blocked)
    lw_bvh_rays_boxes = staticmethod(rays.lw_bvh_rays_boxes)
    lw_bvh_spheres = staticmethod(rays.lw_bvh_spheres)
    lw_bvh_instance_boxes = staticmethod(rays.lw_bvh_instance_boxes)
    lw_bvh_rays_instances = staticmethod(rays.lw_bvh_rays_instances)
    lw_field_unpack = staticmethod(heightfield.lw_field_unpack)
    lw_field_heights = staticmethod(heightfield.lw_field_heights)
    lw_field_pyramid = staticmethod(heightfield.lw_field_pyramid)
    lw_field_rays = staticmethod(heightfield.lw_field_rays)
