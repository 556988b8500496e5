;; Getters and setters of the basic types on one memory: what a module that has no access to it calls.
;;
;; Instantiated once for each memory. Addresses are unsigned and need no alignment. A read or write past the end traps.
;; Imports: "env" "memory" (the build makes a variant for shared memory). Does not copy spans; that is bridge.wat.
(module
  (import "env" "memory" (memory $memory 1 @SHARED@))
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
  ;; How many bytes the memory has; 4 GiB does not fit and is not reached (65,535 wasm pages at most).
  (func (export "size_bytes") (result i32) (i32.shl (memory.size) (i32.const 16))))
