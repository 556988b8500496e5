"""The geometry kernels that the stages call: in place where there is Pyodide, numpy elsewhere. Chosen once, here.

Owns: the choice. Both give the same bytes, so callers know one `GEOMETRY` and no hosts. Arrays are passed as they
are: C-contiguous, of the header's types. The contracts are in engine_py/kernels/geometry/*.h.
"""

from __future__ import annotations

from typing import Any, Protocol

from layerw.kernels import inplace

Address = Any


class GeometryKernels(Protocol):
    """The part of gen.api.Kernels that has numpy twins."""

    def lw_cull_lods(self, view: Address, positions: Address, radii: Address, rows: Address, count: int,
                     until_m: Address, lods: int, out: Address, counts: Address) -> int: ...
    def lw_cull_runs(self, view: Address, positions: Address, radii: Address, rows: Address, runs: Address,
                     run_count: int, until_m: Address, drafts: Address, visible: Address, records: Address,
                     tally: Address) -> None: ...
    def lw_cull_cells(self, view: Address, centers: Address, radii: Address, cells: Address, positions: Address,
                      rows: Address, runs: Address, run_count: int, until_m: Address, drafts: Address,
                      levels: Address, range_rows: int, range_flag: int, visible: Address, records: Address,
                      tally: Address) -> None: ...
    def lw_cull_sorted(self, view: Address, positions: Address, radii: Address, rows: Address, runs: Address,
                       run_count: int, until_m: Address, drafts: Address, scratch: Address, visible: Address,
                       records: Address, tally: Address) -> None: ...
    def lw_sphere_radii(self, radius: Address, scale: Address, rows: Address, count: int, out: Address) -> None: ...
    def lw_sort_u32(self, keys: Address, payload: Address, keys_scratch: Address, payload_scratch: Address,
                    count: int) -> None: ...
    def lw_sort_u64(self, keys: Address, payload: Address, keys_scratch: Address, payload_scratch: Address,
                    count: int) -> None: ...
    def lw_compose_rows(self, parents: Address, rows: Address, count: int, position: Address, rotation: Address,
                        scale: Address, world_position: Address, world_rotation: Address, world_scale: Address,
                        world_shear: Address) -> int: ...
    def lw_mirrored(self, scale: Address, rows: Address, count: int, mirrored: Address) -> int: ...
    def lw_not_finite(self, values: Address, count: int) -> int: ...
    def lw_bvh_triangle_boxes(self, positions: Address, indices: Address, count: int, boxes: Address) -> None: ...
    def lw_bvh_build(self, boxes: Address, count: int, leaf_items: int, nodes: Address, order: Address,
                     scratch: Address, area: Address) -> int: ...
    def lw_bvh_build_curve(self, boxes: Address, count: int, leaf_items: int, nodes: Address, order: Address,
                           scratch: Address, area: Address) -> int: ...
    def lw_bvh_links(self, nodes: Address, node_count: int, order: Address, leaves: Address,
                     parents: Address) -> None: ...
    def lw_bvh_refit_some(self, boxes: Address, order: Address, leaves: Address, parents: Address, items: Address,
                          item_count: int, nodes: Address) -> None: ...
    def lw_bvh_choose_rows(self, shown: Address, flags: Address, parents: Address, mesh: Address, lods: Address,
                           count: int, mesh_shapes: Address, mesh_room: int, lod_shapes: Address, still: Address,
                           still_shapes: Address, moving: Address, moving_shapes: Address,
                           counts: Address) -> None: ...
    def lw_bvh_take_rows(self, rows: Address, first: int, count: int, position: Address, rotation: Address,
                         scale: Address, shear: Address, mesh_of: Address, meshes: Address, mesh_nodes: Address,
                         instances: Address, boxes: Address, moved: Address) -> int: ...
    def lw_bvh_refit(self, boxes: Address, order: Address, nodes: Address, node_count: int,
                     area: Address) -> None: ...
    def lw_bvh_rays(self, nodes: Address, node_count: int, order: Address, positions: Address, indices: Address,
                    rays: Address, ray_count: int, distance: Address, triangle: Address,
                    weights: Address) -> None: ...
    def lw_bvh_blocked(self, nodes: Address, node_count: int, order: Address, positions: Address, indices: Address,
                       rays: Address, ray_count: int, blocked: Address) -> None: ...
    def lw_bvh_rays_boxes(self, nodes: Address, node_count: int, order: Address, boxes: Address, rays: Address,
                          ray_count: int, distance: Address, item: Address) -> None: ...
    def lw_bvh_spheres(self, nodes: Address, node_count: int, order: Address, boxes: Address, spheres: Address,
                       sphere_count: int, found: Address, room: int, ends: Address) -> int: ...
    def lw_bvh_instance_boxes(self, instances: Address, mesh_of: Address, meshes: Address, mesh_nodes: Address,
                              count: int, boxes: Address) -> None: ...
    def lw_bvh_rays_instances(self, nodes: Address, node_count: int, order: Address, boxes: Address,
                              instances: Address, mesh_of: Address, meshes: Address, mesh_nodes: Address,
                              mesh_order: Address, positions: Address, indices: Address, rays: Address,
                              ray_count: int, distance: Address, instance: Address, triangle: Address) -> None: ...
    def lw_field_heights(self, codes: Address, columns: int, rows: int, grid: Address, x: Address, z: Address,
                         count: int, smooth: int, heights: Address, normals: Address) -> None: ...
    def lw_field_pyramid(self, codes: Address, columns: int, rows: int, pyramid: Address) -> None: ...
    def lw_field_rays(self, codes: Address, columns: int, rows: int, grid: Address, pyramid: Address, rays: Address,
                      ray_count: int, distance: Address, triangle: Address) -> None: ...


def _chosen() -> GeometryKernels:
    found = inplace.load()
    if found is not None:
        return found
    from layerw.kernels.twins.all import NumpyKernels

    return NumpyKernels()


IN_PLACE = inplace.load() is not None  # else each query tries every item that it is given
GEOMETRY: GeometryKernels = _chosen()
