"""The JavaScript side of the generated code: decoder switch, event writer, layouts. See codegen.py."""

from __future__ import annotations

import json
from bisect import bisect

from . import kinds, spec
from .codegen_common import MARK, camel, fixed_words, has_text, pascal
from .spec import COMMANDS, EVENTS, Field, Record

LAYOUT_NAMES = ("RESOURCE_KINDS", "MATERIAL_KINDS", "TOPOLOGIES", "SEMANTICS", "GLTF_MODES",
                "DRAW_RECORD", "MESH_BUILD_HEAD", "ACCESSOR", "READ_RANGE", "KEYS", "UNPACK_HEAD", "UNPACK_KINDS",
                "TEXTURE_FAMILIES", "TEXTURE_BLOCK_BYTES",
                "MESHOPT_MODES", "MESHOPT_FILTERS", "DRACO_ATTRIBUTE", "SPARSE")
NUMBER_PREFIXES = ("MATERIAL_", "SAMPLER_", "FETCH_", "FAIL_", "DRAW_", "HANDLE_", "WORDS_", "READBACK_", "PICK_",
                   "ROW_", "ROWS_", "VERTEX_", "UV1_", "MESH_BUILD_", "SHADER_", "SHADOW_", "LIGHT", "CLUSTER", "POSE",
                   "STREAM_", "COMPRESSED_", "SPLATS_")


def sink_of(record: Record) -> str:
    """Which object takes a command: opcodes 1-31 and 64-95 the backend, 32-47 the transfers, others the page."""
    return ("gpu", "transfers", "page", "gpu", "page")[bisect((32, 48, 64, 96), record.opcode)]


def js_word(item: Field, at: int) -> str:
    """The expression that reads a field of the command at `at`."""
    word = f"words[at + {at}]"
    return {"f32": f"asFloat({word})", "i32": f"{word} | 0"}.get(item.type, word)


def js_case(record: Record) -> str:
    """One case of the decoder's switch."""
    values = ", ".join(js_word(item, 1 + n) for n, item in enumerate(record.fields))
    return f"          case {record.opcode}: {sink_of(record)}.{camel(record.name)}({values}); break;\n"


def js_sink_type(name: str) -> str:
    """The JSDoc type of one sink."""
    lines = [f"/**\n * @typedef {{object}} {pascal(name)}Sink\n"]
    for record in COMMANDS:
        if sink_of(record) == name:
            args = ", ".join(f"{camel(item.name)}: number" for item in record.fields)
            lines.append(f" * @property {{({args}) => void}} {camel(record.name)} {record.doc}".rstrip() + "\n")
    return "".join(lines) + " */\n"


COMMANDS_JS = """// @ts-check
/** @file Walks command words and calls the sinks: the backend (`gpu`), the transfers and the page.
 * {mark}
 */

{types}
/** @typedef {{ gpu: GpuSink, transfers: TransfersSink, page: PageSink }} Sinks */

/** Name and exact size in words of every opcode. @type {ReadonlyMap<number, {name: string, words: number}>} */
export const COMMANDS = new Map([
{table}]);

const SIZES = new Uint8Array({limit});
for (const [opcode, { words }] of COMMANDS) SIZES[opcode] = words;

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);
/** @param {number} word @returns {number} */
function asFloat(word) {
  bitsView[0] = word;
  return floatView[0];
}

const DROPPED = 'the rest of this submit is dropped.';

/**
 * What is wrong with the command at `at`, or '' where nothing is.
 * @param {number} header @param {number} index @param {number} at @param {number} end @returns {string}
 */
export function checkCommand(header, index, at, end) {
  const opcode = header & 0xffff;
  const said = header >>> 16;
  const command = COMMANDS.get(opcode);
  if (!command) return `Command ${index} at word ${at} has opcode ${opcode}, which does not exist; ${DROPPED}`;
  const where = `Command ${index} (${command.name}) at word ${at}`;
  if (said !== command.words) return `${where} says ${said} words, expected ${command.words}; ${DROPPED}`;
  if (at + said > end) return `${where} needs ${said} words, but only ${end - at} remain; ${DROPPED}`;
  return '';
}

/**
 * Calls the sinks for each command. A malformed command ends the walk; a sink that throws loses only that command.
 * @param {Uint32Array} words @param {Sinks} sinks @param {(message: string) => void} onError
 * @returns {number} commands read
 */
export function decodeCommands(words, sinks, onError) {
  const { gpu, transfers, page } = sinks;
  const end = words.length;
  let next = 0;
  let at = 0;
  let index = 0;
  while (next < end) {
    try {
      while (next < end) {
        at = next;
        const header = words[at];
        const opcode = header & 0xffff;
        const size = header >>> 16;
        if (opcode >= {limit} || SIZES[opcode] !== size || size === 0 || at + size > end) {
          onError(checkCommand(header, index, at, end));
          return index;
        }
        next = at + size;
        index += 1;
        switch (opcode) {
{cases}        }
      }
    } catch (error) {
      const name = COMMANDS.get(words[at] & 0xffff)?.name;
      const text = error instanceof Error ? error.message : String(error);
      onError(`Command ${index - 1} (${name}) at word ${at} failed: ${text}`);
    }
  }
  return index;
}
"""


def commands_js() -> str:
    """web/gen/commands.js."""
    table = "".join(f"  [{r.opcode}, {{ name: '{r.name}', words: {fixed_words(r)} }}],\n" for r in COMMANDS)
    types = "\n".join(js_sink_type(name) for name in ("gpu", "transfers", "page"))
    limit = str(1 << max(r.opcode for r in COMMANDS).bit_length())
    out = COMMANDS_JS.replace("{mark}", MARK).replace("{types}", types).replace("{table}", table)
    return out.replace("{limit}", limit).replace("{cases}", "".join(js_case(r) for r in COMMANDS))


EVENTS_JS = """// @ts-check
/** @file Encodes what JavaScript tells the engine, one method an event.
 * {mark}
 */

const encoder = new TextEncoder();

/** @param {string | Uint8Array} text @returns {Uint8Array} */
const bytesOf = (text) => (typeof text === 'string' ? encoder.encode(text) : text);

/** Every method returns the event's words and, where the writer was given `emit`, hands them to it as well. */
export class EventWriter {
  /** @param {(words: Uint32Array<ArrayBuffer>) => void} [emit] usually the inbox's push */
  constructor(emit) {
    this.emit = emit;
  }

  /** @param {number} opcode @param {number} count fixed words @param {Uint8Array | null} text
   * @returns {{words: Uint32Array<ArrayBuffer>, floats: Float32Array<ArrayBuffer>}} */
  begin(opcode, count, text) {
    const total = count + (text ? (text.byteLength + 3) >>> 2 : 0);
    const words = new Uint32Array(total);
    // Longer than the header can say: 0, and the text's byte count tells the size.
    words[0] = opcode | ((total <= 0xffff ? total : 0) << 16);
    if (text) {
      words[count - 1] = text.byteLength;
      new Uint8Array(words.buffer, 4 * count).set(text);
    }
    return { words, floats: new Float32Array(words.buffer) };
  }
{methods}}
"""


def js_event(record: Record) -> str:
    """One method of the EventWriter."""
    names = [camel(item.name) for item in record.fields]
    types = "".join(f" @param {{{'string | Uint8Array' if f.type == 'text' else 'number'}}} {camel(f.name)}"
                    for f in record.fields)
    text = f"bytesOf({names[-1]})" if has_text(record) else "null"
    view = "{ words, floats }" if any(f.type == "f32" for f in record.fields) else "{ words }"
    body = "".join(f"    {'floats' if f.type == 'f32' else 'words'}[{n + 1}] = {camel(f.name)};\n"
                   for n, f in enumerate(record.fields) if f.type != "text")
    return (f"\n  /** {record.doc}{types}\n   * @returns {{Uint32Array<ArrayBuffer>}} */\n"
            f"  {camel(record.name)}({', '.join(names)}) {{\n"
            f"    const {view} = this.begin({record.opcode}, {fixed_words(record)}, {text});\n{body}"
            f"    if (this.emit) this.emit(words);\n    return words;\n  }}\n")


def events_js() -> str:
    """web/gen/events.js."""
    return EVENTS_JS.replace("{mark}", MARK).replace("{methods}", "".join(js_event(r) for r in EVENTS))


def js_block(name: str, block: tuple[tuple[str, str], ...]) -> str:
    """A uniform block: where each member starts and its words."""
    rows = "".join(f"  {camel(one.name)}: {{ offsetBytes: {4 * one.word}, words: {one.words} }},\n"
                   for one in spec.members(block))
    return f"export const {name} = {{\n{rows}}};\nexport const {name}_BYTES = {spec.block_bytes(block)};\n"


def layouts_js() -> str:
    """web/gen/layouts.js."""
    out = [f"// @ts-check\n/** @file Enumerations, constants and layouts of the command stream.\n * {MARK}\n */\n\n"]
    for name, value in sorted(vars(spec).items()):
        if isinstance(value, int) and name.startswith(NUMBER_PREFIXES):
            out.append(f"export const {name} = {value};\n")
    out.append("\n")
    for name in LAYOUT_NAMES:
        out.append(f"export const {name} = Object.freeze({json.dumps(list(getattr(spec, name)))});\n")
    slots = [list(kind.textures) for kind in kinds.KINDS]
    words = [number for number, kind in enumerate(kinds.KINDS) if kind.words]
    out.append(f"/** Of the textures of a material, those of a program's shader included. */\n"
               f"export const TEXTURES_MAX = {kinds.TEXTURES_MAX};\n"
               f"/** By kind; a material with a program's shader has those of the first kind, then the shader's.\n"
               f" * @type {{readonly (readonly string[])[]}} */\n"
               f"export const MATERIAL_SLOTS = Object.freeze({json.dumps(slots)});\n"
               f"/** The kinds whose textures hold whole numbers. @type {{readonly number[]}} */\n"
               f"export const MATERIAL_WORDS = Object.freeze({json.dumps(words)});\n")
    columns = [{"name": n, "words": w, "type": t} for n, w, t in spec.COLUMNS]
    layouts = [{"strideBytes": layout.stride_bytes, "isElement": layout.is_element, "vertices": layout.vertices,
                "attributes": [{"name": n, "offsetBytes": o, "format": f} for n, o, f in layout.attributes]}
               for layout in spec.LAYOUTS.values()]  # fmt: skip
    out.append(f"export const COLUMNS = Object.freeze({json.dumps(columns)});\n")
    posed = [{"name": n, "offsetBytes": o, "format": f} for n, o, f in spec.POSED]
    out.append(f"export const POSED = Object.freeze({json.dumps(posed)});\n")
    out.append(f"/** By topology. */\nexport const LAYOUTS = Object.freeze({json.dumps(layouts)});\n\n")
    out.append(js_block("FRAME_BLOCK", spec.FRAME_BLOCK) + "\n" + js_block("MATERIAL_BLOCK", kinds.MATERIAL_BLOCK))
    return "".join(out)
