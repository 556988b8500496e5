;; Copies between two memories, and function pointers between two tables, in one instruction each.
;;
;; main: Pyodide's module (or a first kernel module); side: the module with Layer memory. mts: main to side, stm: side to
;; main. Both ends are checked here: a copy past an end returns 0 and writes nothing, it never traps, because a trap
;; under Python would end the interpreter. Never grows main: nothing here can.
;; Needs multi-memory; where that is missing, bridge_fb.wat has the same exports.
(module
  (import "main" "memory" (memory $main 1))
  (import "side" "memory" (memory $side 1 @SHARED@))
  (import "main" "table" (table $main_table 1 funcref))
  (import "side" "table" (table $side_table 1 funcref))

  ;; 1 where size bytes at an address end within so many wasm pages.
  (func $fits (param $address i32) (param $size i32) (param $pages i32) (result i32)
    (i64.le_u
      (i64.add (i64.extend_i32_u (local.get $address)) (i64.extend_i32_u (local.get $size)))
      (i64.shl (i64.extend_i32_u (local.get $pages)) (i64.const 16))))

  (func (export "lw_mts_copy") (param $to i32) (param $from i32) (param $size i32) (result i32)
    (if (i32.eqz (i32.and
          (call $fits (local.get $to) (local.get $size) (memory.size $side))
          (call $fits (local.get $from) (local.get $size) (memory.size $main))))
      (then (return (i32.const 0))))
    (memory.copy $side $main (local.get $to) (local.get $from) (local.get $size))
    (i32.const 1))

  (func (export "lw_stm_copy") (param $to i32) (param $from i32) (param $size i32) (result i32)
    (if (i32.eqz (i32.and
          (call $fits (local.get $to) (local.get $size) (memory.size $main))
          (call $fits (local.get $from) (local.get $size) (memory.size $side))))
      (then (return (i32.const 0))))
    (memory.copy $main $side (local.get $to) (local.get $from) (local.get $size))
    (i32.const 1))

  ;; Puts the function of one table's slot into a slot of the other; the caller owns both slots (web/kernels/slots.js).
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
