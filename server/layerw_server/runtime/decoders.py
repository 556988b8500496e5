"""The decoders of compressed models and textures: three files of npm's `three`, and what is made of them for a worker.

Owns: which they are, and the modules that a page imports, one when a file first needs it
(web/transfer/decode/decoders.js). Does not: fetch (sources.py) or hold pins (pins.py).
Limits: Basis's glue makes functions from text, which a strict Content-Security-Policy forbids; those two places are
replaced by closures that do the same (Emscripten's DYNAMIC_EXECUTION=0).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .errors import RuntimeUnavailable
from .pins import DECODERS

FILES = tuple(pin.name.replace(".js", ".mjs") if pin.name.endswith(".js") else pin.name for pin in DECODERS)
# What a file must hold for a program to need them; export.py looks for it.
USED_BY = {
    b"_meshopt_compression": ("meshopt_decoder.mjs",),
    b"KHR_draco_mesh_compression": ("draco_decoder.mjs", "draco_decoder.wasm"),
    b"KHR_texture_basisu": ("basis_transcoder.mjs", "basis_transcoder.wasm"),
    b"\xabKTX 20\xbb": ("basis_transcoder.mjs", "basis_transcoder.wasm"),
}
SUFFIXES = (".glb", ".gltf", ".b3dm", ".i3dm", ".ktx2", ".json")
_EXPORTS = {"draco_decoder.js": "DracoDecoderModule", "basis_transcoder.js": "BASIS"}
_INVOKER = "args.push(invokerFnBody);var invokerFn=newFunc(Function,args)(...closureArgs);"
_INVOKER_CLOSED = (
    "var first=isClassMethodFunc?1:2,invokerFn=function(...given){"
    "var destructors=needsDestructorStack?[]:null,wired=[];"
    "if(isClassMethodFunc)wired.push(argTypes[1].toWireType(destructors,this));"
    "for(var i=2;i<argCount;++i)wired.push(argTypes[i].toWireType(destructors,given[i-2]));"
    "var rv=cppInvokerFunc(cppTargetFunc,...wired);if(needsDestructorStack)runDestructors(destructors);"
    "else for(var i=first;i<argCount;++i)if(argTypes[i].destructorFunction!==null)"
    "argTypes[i].destructorFunction(wired[i-first]);if(returns)return argTypes[0].fromWireType(rv)};")
_CALLER = "params.push(functionBody);var invokerFunction=newFunc(Function,params)(...args);"
_CALLER_CLOSED = (
    "var invokerFunction=function(obj,func,destructorsRef,packed){var at=packed,list=[];"
    "for(var i=0;i<argCount;++i){list.push(types[i].readValueFromPointer(at));at+=types[i].argPackAdvance}"
    "var rv=kind===1?reflectConstruct(func,list):func.call(obj,...list);"
    "if(!retType.isVoid)return emval_returnValue(retType,destructorsRef,rv)};")
_REPLACED = {"basis_transcoder.js": ((_INVOKER, _INVOKER_CLOSED), (_CALLER, _CALLER_CLOSED))}


def write_modules(paths: dict[str, Path], target: Path) -> None:
    """Write the modules and their WebAssembly into a folder.

    Raises:
        RuntimeUnavailable: a file is not what these pins were made for.
    """
    for pin in DECODERS:
        data = paths[pin.name].read_bytes()
        if not pin.name.endswith(".js"):
            (target / pin.name).write_bytes(data)
            continue
        text = data.decode("utf-8")
        for old, new in _REPLACED.get(pin.name, ()):
            if text.count(old) != 1:
                raise RuntimeUnavailable(f"{pin.name} has other text than its pin; layerw's pins.py is inconsistent.")
            text = text.replace(old, new)
        if exported := _EXPORTS.get(pin.name):
            text += f"\nexport default {exported};\n"
        (target / pin.name.replace(".js", ".mjs")).write_text(text, "utf-8")


def used_by(files: Iterable[Path]) -> set[str]:
    """The files of decoders that some files need, by what they hold."""
    found: set[str] = set()
    for path in files:
        if path.suffix.lower() in SUFFIXES:
            data = path.read_bytes()
            for mark, names in USED_BY.items():
                if mark in data:
                    found.update(names)
    return found
