"""What a loaded model is made of, once its meshes and textures are on the GPU. Owns nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy

from layerw.assets.borrowed import Borrowed
from layerw.assets.built import result_half, result_reach, result_sphere, result_strays
from layerw.assets.gaussians import SplatPlan
from layerw.assets.items import GltfError
from layerw.assets.jobs import ImageJob, Job, MeshJob
from layerw.assets.materials import MaterialKey, MaterialPlan, TextureDesc
from layerw.assets.numbers import Numbers
from layerw.assets.placements import NOWHERE, read_group
from layerw.assets.plan import ContentPlan
from layerw.base.ports import F32, Ledger, MadeSplats, MaterialDesc, Placements, Primitive


def with_textures(material: MaterialPlan, textures: Mapping[TextureDesc, ImageJob | Borrowed]) -> MaterialDesc:
    """A material with the handles of its textures; those that were left out are 0."""
    desc = copy(material.desc)
    for slot, texture in material.textures.items():
        if texture in textures:
            setattr(desc, f"{slot}_texture", textures[texture].handle)
    return desc


def primitives_of(plan: ContentPlan, jobs: Iterable[Job], materials: Mapping[MaterialKey, int],
                  places: Sequence[Placements | None], warnings: list[str]) -> list[Primitive]:  # fmt: skip
    """One for each node that shows a mesh; `materials`: handles by the numbers of the file; places: of
    `plan.groups`, None where they could not be read; warnings: gets what is wrong with the joints of meshes."""
    found: list[Primitive] = []
    for job in jobs:
        if not isinstance(job, MeshJob) or job.plan is None:
            continue
        center, radius = result_sphere(job.plan, job.payload)
        half = result_half(job.plan, job.payload)
        blend = plan.materials[job.plan.material].desc.see_through
        reach = result_reach(job.plan, job.payload)
        if strays := result_strays(job.plan, job.payload):
            warnings.append(strays)
        variants = {number: (materials[key], plan.materials[key].desc.see_through)
                    for number, key in job.plan.variants.items()}
        own = places[job.plan.group] if job.plan.group >= 0 else None
        found.extend(Primitive(job.handle, materials[job.plan.material], node, center, radius, blend, half,
                               job.plan.skin, job.plan.morph, reach, variants, own)
                     for node in job.plan.nodes)  # fmt: skip
    return found


def places_of(plan: ContentPlan, payload: bytes, warnings: list[str]) -> list[Placements | None]:
    """Of each of the plan's groups; what can't be read is shown nowhere, and told."""
    found: list[Placements | None] = []
    for group in plan.groups:
        assert plan.rig is not None
        try:
            found.append(read_group(group, plan.rig.numbers, payload, warnings))
        except GltfError as error:
            warnings.append(f"Instances are left out: {error}")
            found.append(NOWHERE)
    return found


def splat_values(one: SplatPlan, numbers: Numbers, payload: bytes) -> Callable[[str], F32]:
    """What its accessors hold, by their names."""
    return lambda name: numbers.read(one.accessors[name], payload)


def splat_primitives(plan: ContentPlan, made: Iterable[MadeSplats]) -> list[Primitive]:
    """One for each node that shows splats; those of a tile take part in no cross-fade."""
    return [Primitive(one.mesh, one.material, node, one.center, one.radius, node < 0)
            for splats, one in zip(plan.splats, made, strict=True) for node in splats.nodes]  # fmt: skip


def too_large(what: str, size_bytes: int, ledger: Ledger) -> str:
    """The sentence about bytes that the whole Layer budget does not hold."""
    fixed = f", of which Layer memory keeps {ledger.fixed_bytes}" if ledger.fixed_bytes else ""
    return (f"{what} needs {size_bytes} bytes; files may take {ledger.open_bytes} of the layer budget of "
            f"{ledger.budget_bytes}{fixed}. Raise it with lw.Budgets(layer_mib=...).")
