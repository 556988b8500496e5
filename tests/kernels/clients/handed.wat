;; A module that is linked at its init: it is handed a library and the lookup's slot, and finds the rest by name.
(module
  (import "env" "memory" (memory 1))
  (import "env" "table" (table 1 funcref))
  (type $lookup (func (param i32 i32 i32) (result i32)))
  (type $copy (func (param i32 i32 i32) (result i32)))
  (global $to_here (mut i32) (i32.const 0))
  (global $to_there (mut i32) (i32.const 0))
  (data (i32.const 64) "lw_stm_copylw_mts_copy")
  ;; Returns 1, or 0 where the library lacks one of the two.
  (func (export "init") (param $library i32) (param $slot i32) (result i32)
    (global.set $to_here
      (call_indirect (type $lookup) (local.get $library) (i32.const 64) (i32.const 11) (local.get $slot)))
    (global.set $to_there
      (call_indirect (type $lookup) (local.get $library) (i32.const 75) (i32.const 11) (local.get $slot)))
    (i32.and (i32.ne (global.get $to_here) (i32.const 0)) (i32.ne (global.get $to_there) (i32.const 0))))
  ;; Adds one to each of `count` u32 that lie at an address of the other memory.
  (func (export "add_one") (param $there i32) (param $count i32) (result i32)
    (local $at i32)
    (local $size i32)
    (local.set $size (i32.shl (local.get $count) (i32.const 2)))
    (if (i32.eqz (call_indirect (type $copy) (i32.const 1024) (local.get $there) (local.get $size) (global.get $to_here)))
      (then (return (i32.const 0))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $size)))
      (i32.store offset=1024 (local.get $at) (i32.add (i32.load offset=1024 (local.get $at)) (i32.const 1)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $next)))
    (call_indirect (type $copy) (local.get $there) (i32.const 1024) (local.get $size) (global.get $to_there))))
