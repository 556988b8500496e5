"""What a loaded model is made of, once its meshes and textures are on the GPU. Owns nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy

from layerw.assets.borrowed import Borrowed
from layerw.assets.jobs import ImageJob, Job, MeshJob
from layerw.assets.materials import MaterialKey, MaterialPlan, TextureDesc
from layerw.assets.plan import ContentPlan
from layerw.assets.primitives import result_half, result_reach, result_sphere
from layerw.base.ports import Ledger, MaterialDesc, Primitive
from layerw.gpu import spec


def with_textures(material: MaterialPlan, textures: Mapping[TextureDesc, ImageJob | Borrowed]) -> MaterialDesc:
    """A material with the handles of its textures; those that were left out are 0."""
    desc = copy(material.desc)
    for slot, texture in material.textures.items():
        if texture in textures:
            setattr(desc, f"{slot}_texture", textures[texture].handle)
    return desc


def primitives_of(plan: ContentPlan, jobs: Iterable[Job], materials: Mapping[MaterialKey, int]) -> list[Primitive]:
    """One for each node that shows a mesh; `materials`: handles by the numbers of the file."""
    found: list[Primitive] = []
    for job in jobs:
        if not isinstance(job, MeshJob) or job.plan is None:
            continue
        center, radius = result_sphere(job.plan, job.payload)
        half = result_half(job.plan, job.payload)
        blend = bool(plan.materials[job.plan.material].desc.flags & spec.MATERIAL_BLEND)
        reach = result_reach(job.plan, job.payload)
        variants = {number: (materials[key], bool(plan.materials[key].desc.flags & spec.MATERIAL_BLEND))
                    for number, key in job.plan.variants.items()}
        found.extend(Primitive(job.handle, materials[job.plan.material], node, center, radius, blend, half,
                               job.plan.skin, job.plan.morph, reach, variants) for node in job.plan.nodes)  # fmt: skip
    return found


def too_large(what: str, size_bytes: int, ledger: Ledger) -> str:
    """The sentence about bytes that the whole Layer budget does not hold."""
    fixed = f", of which Layer memory keeps {ledger.fixed_bytes}" if ledger.fixed_bytes else ""
    return (f"{what} needs {size_bytes} bytes; files may take {ledger.open_bytes} of the layer budget of "
            f"{ledger.budget_bytes}{fixed}. Raise it with lw.Budgets(layer_mib=...).")
