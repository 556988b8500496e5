;; Getters and setters of the basic types on one memory: what a module that has no access to it calls.
;;
;; Instantiated once for each memory. Addresses are unsigned and need no alignment. A read or write past the end traps.
;; Imports: "env" "memory" (the build makes a variant for shared memory), and the host's libraries: handles of other
;; modules, whose functions get a slot in the caller's table. Does not copy between memories; that is bridge.wat.
(module
  (import "env" "memory" (memory $memory 1 @SHARED@))
  (import "host" "library_open" (func $open (param i32 i32) (result i32)))
  (import "host" "library_symbol" (func $symbol (param i32 i32 i32) (result i32)))
  (import "host" "library_close" (func $close (param i32) (result i32)))
  (func (export "get_u8") (param $address i32) (result i32) (i32.load8_u align=1 (local.get $address)))
  (func (export "set_u8") (param $address i32) (param $value i32)
    (i32.store8 align=1 (local.get $address) (local.get $value)))
  (func (export "get_i8") (param $address i32) (result i32) (i32.load8_s align=1 (local.get $address)))
  (func (export "set_i8") (param $address i32) (param $value i32)
    (i32.store8 align=1 (local.get $address) (local.get $value)))
  (func (export "get_u16") (param $address i32) (result i32) (i32.load16_u align=1 (local.get $address)))
  (func (export "set_u16") (param $address i32) (param $value i32)
    (i32.store16 align=1 (local.get $address) (local.get $value)))
  (func (export "get_i16") (param $address i32) (result i32) (i32.load16_s align=1 (local.get $address)))
  (func (export "set_i16") (param $address i32) (param $value i32)
    (i32.store16 align=1 (local.get $address) (local.get $value)))
  (func (export "get_u32") (param $address i32) (result i32) (i32.load align=1 (local.get $address)))
  (func (export "set_u32") (param $address i32) (param $value i32)
    (i32.store align=1 (local.get $address) (local.get $value)))
  (func (export "get_u64") (param $address i32) (result i64) (i64.load align=1 (local.get $address)))
  (func (export "set_u64") (param $address i32) (param $value i64)
    (i64.store align=1 (local.get $address) (local.get $value)))
  (func (export "get_f32") (param $address i32) (result f32) (f32.load align=1 (local.get $address)))
  (func (export "set_f32") (param $address i32) (param $value f32)
    (f32.store align=1 (local.get $address) (local.get $value)))
  (func (export "get_f64") (param $address i32) (result f64) (f64.load align=1 (local.get $address)))
  (func (export "set_f64") (param $address i32) (param $value f64)
    (f64.store align=1 (local.get $address) (local.get $value)))
  ;; Moves a span within this memory; both ends are the caller's to check. For the fallback's host.
  (func (export "move") (param $to i32) (param $from i32) (param $size i32)
    (memory.copy (local.get $to) (local.get $from) (local.get $size)))

  ;; 1 where size bytes at an address are in this memory.
  (func $fits (param $address i32) (param $size i32) (result i32)
    (i64.le_u
      (i64.add (i64.extend_i32_u (local.get $address)) (i64.extend_i32_u (local.get $size)))
      (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16))))
  ;; A library by its name (UTF-8 in this memory): a handle, or 0 where there is none.
  (func (export "library_open") (param $name i32) (param $size i32) (result i32)
    (if (i32.eqz (call $fits (local.get $name) (local.get $size))) (then (return (i32.const 0))))
    (call $open (local.get $name) (local.get $size)))
  ;; The table slot of an open library's function, the same one every time; 0 where the handle or the name is unknown.
  (func (export "library_symbol") (param $library i32) (param $name i32) (param $size i32) (result i32)
    (if (i32.eqz (call $fits (local.get $name) (local.get $size))) (then (return (i32.const 0))))
    (call $symbol (local.get $library) (local.get $name) (local.get $size)))
  ;; Ends a library: its slots are given back. Returns 1, or 0 where the handle is not open.
  (func (export "library_close") (param $library i32) (result i32) (call $close (local.get $library)))

  ;; How many bytes the memory has; 4 GiB does not fit and is not reached (65,535 wasm pages at most).
  (func (export "size_bytes") (result i32) (i32.shl (memory.size) (i32.const 16))))
