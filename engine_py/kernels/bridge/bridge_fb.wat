;; The bridge without multi-memory: this module lives on main's memory and reaches side's through its accessor.
;;
;; Short spans go 8 bytes at a time through the accessor's get_u64 and set_u64, and then by bytes; from $bulk bytes on the
;; host copies (TypedArray.set on views that it keeps), which costs more to call and less a byte. Wasm loads and stores
;; need no alignment, so every alignment takes the same path. Exports and checks are bridge.wat's.
(module
  (import "env" "memory" (memory $main 1))
  (import "main" "table" (table $main_table 1 funcref))
  (import "side" "table" (table $side_table 1 funcref))
  (import "side" "get_u64" (func $get64 (param i32) (result i64)))
  (import "side" "set_u64" (func $set64 (param i32 i64)))
  (import "side" "get_u8" (func $get8 (param i32) (result i32)))
  (import "side" "set_u8" (func $set8 (param i32 i32)))
  (import "side" "size_bytes" (func $side_bytes (result i32)))
  (import "host" "mts_bulk" (func $mts_bulk (param i32 i32 i32)))
  (import "host" "stm_bulk" (func $stm_bulk (param i32 i32 i32)))
  (global $bulk (mut i32) (i32.const 96))

  ;; From how many bytes on the host copies; measured in benchmarks/bridge.
  (func (export "set_bulk") (param $size i32) (global.set $bulk (local.get $size)))

  (func $fits (param $address i32) (param $size i32) (param $end i64) (result i32)
    (i64.le_u
      (i64.add (i64.extend_i32_u (local.get $address)) (i64.extend_i32_u (local.get $size)))
      (local.get $end)))
  (func $main_end (result i64) (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
  (func $side_end (result i64) (i64.extend_i32_u (call $side_bytes)))

  (func (export "lw_mts_copy") (param $to i32) (param $from i32) (param $size i32) (result i32)
    (local $words i32)
    (if (i32.eqz (i32.and
          (call $fits (local.get $to) (local.get $size) (call $side_end))
          (call $fits (local.get $from) (local.get $size) (call $main_end))))
      (then (return (i32.const 0))))
    (if (i32.ge_u (local.get $size) (global.get $bulk))
      (then (call $mts_bulk (local.get $to) (local.get $from) (local.get $size)) (return (i32.const 1))))
    (local.set $words (i32.shr_u (local.get $size) (i32.const 3)))
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $words)))
      (call $set64 (local.get $to) (i64.load align=1 (local.get $from)))
      (local.set $to (i32.add (local.get $to) (i32.const 8)))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $words (i32.sub (local.get $words) (i32.const 1)))
      (br $next)))
    (local.set $size (i32.and (local.get $size) (i32.const 7)))
    (block $end (loop $byte
      (br_if $end (i32.eqz (local.get $size)))
      (call $set8 (local.get $to) (i32.load8_u (local.get $from)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (local.set $size (i32.sub (local.get $size) (i32.const 1)))
      (br $byte)))
    (i32.const 1))

  (func (export "lw_stm_copy") (param $to i32) (param $from i32) (param $size i32) (result i32)
    (local $words i32)
    (if (i32.eqz (i32.and
          (call $fits (local.get $to) (local.get $size) (call $main_end))
          (call $fits (local.get $from) (local.get $size) (call $side_end))))
      (then (return (i32.const 0))))
    (if (i32.ge_u (local.get $size) (global.get $bulk))
      (then (call $stm_bulk (local.get $to) (local.get $from) (local.get $size)) (return (i32.const 1))))
    (local.set $words (i32.shr_u (local.get $size) (i32.const 3)))
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $words)))
      (i64.store align=1 (local.get $to) (call $get64 (local.get $from)))
      (local.set $to (i32.add (local.get $to) (i32.const 8)))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $words (i32.sub (local.get $words) (i32.const 1)))
      (br $next)))
    (local.set $size (i32.and (local.get $size) (i32.const 7)))
    (block $end (loop $byte
      (br_if $end (i32.eqz (local.get $size)))
      (i32.store8 (local.get $to) (call $get8 (local.get $from)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (local.set $size (i32.sub (local.get $size) (i32.const 1)))
      (br $byte)))
    (i32.const 1))

  (func (export "lw_mts_function") (param $to i32) (param $from i32) (result i32)
    (if (i32.or
          (i32.ge_u (local.get $to) (table.size $side_table))
          (i32.ge_u (local.get $from) (table.size $main_table)))
      (then (return (i32.const 0))))
    (table.set $side_table (local.get $to) (table.get $main_table (local.get $from)))
    (i32.const 1))

  (func (export "lw_stm_function") (param $to i32) (param $from i32) (result i32)
    (if (i32.or
          (i32.ge_u (local.get $to) (table.size $main_table))
          (i32.ge_u (local.get $from) (table.size $side_table)))
      (then (return (i32.const 0))))
    (table.set $main_table (local.get $to) (table.get $side_table (local.get $from)))
    (i32.const 1)))
